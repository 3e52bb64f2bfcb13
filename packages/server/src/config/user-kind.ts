import { type Kind, textual } from './kinds.js'

/** Who actions are run by: `auto`, `unprivileged`, or what /etc/passwd would take for a name; `uid` or `uid:gid` in decimal. */
const USER = /^(?:\d{1,10}(?::\d{1,10})?|[A-Za-z_][A-Za-z0-9_.@-]{0,254}\$?)$/

const asText = textual('auto, unprivileged, or a user: a name, uid or uid:gid', (text) =>
  USER.test(text) ? text : undefined,
)

/** YAML takes a uid for a number. */
export const user: Kind<string> = {
  ...asText,
  fromYaml: (value, resolvePath) => asText.fromYaml(typeof value === 'number' ? String(value) : value, resolvePath),
}
