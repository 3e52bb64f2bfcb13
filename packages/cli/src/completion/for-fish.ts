import { type Place, quoted } from './completions.js'

/** A script for fish. */
export function forFish(places: readonly Place[]): string {
  const lines = places.flatMap((place) =>
    place.completions.map(({ word, meaning, takesValue }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}${takesValue ? ' -r' : ''}` : `-f -a ${quoted(word)}`
      return `complete -c gorego -n ${quoted(condition(place, places))} ${what} -d ${quoted(meaning)}`
    }),
  )
  return `# Completion of gorego for fish: gorego completion fish > ~/.config/fish/completions/gorego.fish\n${lines.join('\n')}\n`
}

/** When the words that are there already are those of the place, and none of a place inside it. */
function condition({ path }: Place, places: readonly Place[]): string {
  const inside = places.filter((other) => other.path.length === path.length + 1 && isBelow(other.path, path))
  const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`)
  const deeper = inside.map((other) => other.path.at(-1)).join(' ')
  return [...seen, ...(deeper === '' ? [] : [`not __fish_seen_subcommand_from ${deeper}`])].join('; and ')
}

function isBelow(inner: readonly string[], outer: readonly string[]): boolean {
  return outer.every((name, at) => inner[at] === name)
}
