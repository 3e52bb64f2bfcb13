// What both pages are made of. Whatever comes from clients gets into a page as text only, never as HTML.

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, value)
  node.append(...children)
  return node
}

/** Text of a client's, which must not change the direction of what is around it. */
export const foreign = (text) => element('bdi', {}, printable(text))

/** Colours, links and the like, as programs send them to terminals. */
const ESCAPES = new RegExp(
  `${'\u001b'}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${'\u0007\u001b'}]*(?:${'\u0007'}|${'\u001b'}\\\\))`,
  'g',
)

/** What has no look is seen all the same: control characters as their pictures. */
const printable = (text) => text.replace(ESCAPES, '').replace(/(?![\n\t])\p{Cc}/gu, picture)

const picture = (control) => (control < ' ' ? String.fromCharCode(0x2400 + control.charCodeAt(0)) : '\ufffd')

export const $ = (id) => document.getElementById(id)

/** Puts rows into a table that is there, or says that there are none. */
export function fillTable(table, rows, nothing) {
  const columns = table.tHead.rows[0].cells.length
  const empty = () => element('tr', {}, element('td', { colspan: String(columns), class: 'faint' }, nothing))
  table.tBodies[0].replaceChildren(...(rows.length === 0 ? [empty()] : rows))
}

export function row(...cells) {
  return element(
    'tr',
    {},
    ...cells.map((cell) => (cell instanceof HTMLTableCellElement ? cell : element('td', {}, cell))),
  )
}

export function facts(pairs) {
  return element(
    'dl',
    { class: 'facts' },
    ...pairs.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  )
}

export function bytes(count) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let power = 0
  let left = count
  while (left >= 1000 && power < units.length - 1) {
    left /= 1000
    power++
  }
  return `${power === 0 ? left : left.toFixed(1)} ${units[power]}`
}

export function duration(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`
}

export const share = (part, all) => (all === 0 ? '–' : `${((100 * part) / all).toFixed(part === all ? 0 : 1)} %`)

export const clock = (ms) => new Date(ms).toLocaleTimeString()
