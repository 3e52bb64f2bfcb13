import { type Place, quoted } from './completions.js'

/** A script for zsh. Where nothing of ours fits, file names are offered. */
export function forZsh(places: readonly Place[]): string {
  const commands = places.flatMap(({ path }) => (path.length === 0 ? [] : [quoted(path.join(' '))]))
  const cases = places.map(({ path, completions }) => {
    const described = completions.map(({ word, meaning }) => quoted(`${word.replaceAll(':', '\\:')}:${meaning}`))
    return `    ${quoted(path.join(' '))}) known=(${described.join(' ')}) ;;`
  })
  const valued = places.flatMap(({ path, completions }) =>
    completions.filter(({ takesValue }) => takesValue).map(({ word }) => quoted(`${path.join(' ')} ${word}`)),
  )
  return `#compdef gorego
# Completion of gorego for zsh: source <(gorego completion zsh), behind compinit
_gorego() {
  local place='' word at
  local -a known
  for ((at = 2; at < CURRENT; at++)); do
    word="\${words[at]}"
    [[ $word == -- ]] && { _files; return }
    case "\${place:+$place }$word" in
    (${commands.join('|')}) place="\${place:+$place }$word" ;;
    esac
  done
  case "$place \${words[CURRENT - 1]}" in
  (${valued.join('|')}) _files; return ;;
  esac
  case "$place" in
${cases.map((line) => line.replace(/^ {4}'/, "    ('")).join('\n')}
  esac
  _describe gorego known || _files
}
compdef _gorego gorego
`
}
