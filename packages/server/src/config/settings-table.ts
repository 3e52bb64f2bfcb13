import { type SettingEntry, settingEntries } from './settings.js'
import type { Surroundings } from './surroundings.js'

/** The table of settings as Markdown, for docs/configuration.md; a test keeps the two together. */
export function settingsTable(surroundings: Surroundings): string {
  const rows = settingEntries.map((entry) => [
    `\`${entry.key}\``,
    `\`${entry.variable}\``,
    entry.flag === undefined ? '' : `\`--${entry.flag}\``,
    fallbackText(entry, surroundings),
    entry.about,
  ])
  const head = ['key', 'variable', 'flag', 'default', 'meaning']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function fallbackText({ fallbackText, fallback }: SettingEntry, surroundings: Surroundings): string {
  return fallbackText ?? `\`${fallback(surroundings)}\``
}
