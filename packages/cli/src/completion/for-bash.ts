import { type Place, quoted } from './completions.js'

/** A script for bash. Where nothing of ours fits, file names are offered. */
export function forBash(places: readonly Place[]): string {
  const commands = places.flatMap(({ path }) => (path.length === 0 ? [] : [quoted(path.join(' '))]))
  const words = places.map(
    ({ path, completions }) =>
      `    ${quoted(path.join(' '))}) words=${quoted(completions.map(({ word }) => word).join(' '))} ;;`,
  )
  const valued = places.flatMap(({ path, completions }) =>
    completions.filter(({ takesValue }) => takesValue).map(({ word }) => quoted(`${path.join(' ')} ${word}`)),
  )
  return `# Completion of gorego for bash: source <(gorego completion bash)
_gorego() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    [[ $word == -- ]] && return
    case "\${path:+$path }$word" in
    ${commands.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path \${COMP_WORDS[COMP_CWORD - 1]}" in
  ${valued.join('|')}) return ;;
  esac
  case "$path" in
${words.join('\n')}
  esac
  [[ -z $current && $words == --* ]] && return
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _gorego gorego
`
}
