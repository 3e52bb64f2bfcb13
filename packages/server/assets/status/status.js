// The overview: one stream of events, each of which says all of it.
import { $, bytes, clock, duration, element, fillTable, foreign, row, share } from './elements.js'

let latest
let before

const events = new EventSource('/events')
events.onmessage = ({ data }) => {
  before = latest
  latest = { at: Date.now(), ...JSON.parse(data) }
  $('connection').textContent = `live · up for ${duration(latest.at - latest.startedAt)}`
  show()
}
events.onerror = () => {
  $('connection').textContent = 'no connection; trying again …'
}
// What only time changes.
setInterval(() => latest && showAges(), 1000)

function show() {
  const { execution } = latest
  $('tiles').replaceChildren(...tiles())
  $('execution').hidden = execution === undefined
  if (execution === undefined) return
  document.title = `${execution.busy}/${execution.slots} · gorego`
  $('running-count').textContent = `${execution.busy} of ${execution.slots} slots`
  $('queued-count').textContent = more(execution.waiting, execution.queued.length)
  $('failures-count').textContent = more(execution.failed, execution.failures.length)
  showSlots(execution)
  showAges()
  showFailures(execution.failures)
  showFindings(execution.determinism)
  const recent = execution.recent.map((ended) =>
    row(clock(ended.endedAt), number(duration(ended.tookMs)), outcome(ended), kind(ended), link(ended)),
  )
  fillTable($('recent'), recent, 'nothing has been executed yet')
}

function showAges() {
  const { execution } = latest
  if (execution === undefined) return
  const age = ({ since }) => duration(Date.now() - since)
  const running = execution.running.map((task) =>
    row(age(task), kind(task), link(task), number(String(task.operations))),
  )
  fillTable($('running'), running, 'no action runs')
  const queued = execution.queued.map((task) => row(age(task), number(String(task.priority)), kind(task), link(task)))
  fillTable($('queued'), queued, 'no action waits for a slot')
}

function tiles() {
  const { execution, cache, backing, disk } = latest
  const of = ({ hits, misses }) => share(hits, hits + misses)
  const counted = ({ hits, misses }) => `${hits} of ${hits + misses}`
  const full = element('meter', { min: '0', max: String(disk.maxBytes), value: String(disk.bytes), title: 'disk' })
  const free = disk.freeBytes === undefined ? '' : `${bytes(disk.freeBytes)} free on the disk`
  return [
    ...(execution === undefined
      ? []
      : [
          tile('Slots busy', `${execution.busy} of ${execution.slots}`, rate()),
          tile('Waiting', String(execution.waiting), `${execution.total} executions so far`),
          tile('From the cache', share(execution.cached, execution.total), `${execution.cached} executions`),
        ]),
    tile('Results found', of(cache.results), `${counted(cache.results)} that clients asked for`),
    tile('Blobs found', of(cache.blobs), `${counted(cache.blobs)} that clients read`),
    tile('Disk', bytes(disk.bytes), `of ${bytes(disk.maxBytes)}, ${disk.blobs} blobs`, full),
    tile('Evicted', String(disk.evictions), free),
    ...(backing === undefined ? [] : [behind(backing)]),
  ]
}

/** The target comes from the configuration, and is text. */
function behind({ target, answers, pending, pendingBytes, since }) {
  const left =
    pending === 0 ? 'nothing waits for it' : `${pending} wait for it (${bytes(pendingBytes)}), since ${clock(since)}`
  const state = element('span', { class: answers ? 'good' : 'bad' }, answers ? 'in use' : 'does not answer')
  return tile('Cache behind', state, `${target}: ${left}`)
}

function rate() {
  if (before?.execution === undefined) return ''
  const seconds = (latest.at - before.at) / 1000
  const each = (latest.execution.total - before.execution.total) / Math.max(seconds, 0.5)
  return `${each.toFixed(each < 10 ? 1 : 0)} executions a second`
}

function tile(name, value, small, extra) {
  const dd = element('dd', {}, value, element('small', {}, small))
  if (extra) dd.append(extra)
  return element('div', {}, element('dt', {}, name), dd)
}

function showSlots({ slots, busy }) {
  const shown = Math.min(slots, 128)
  const busyShown = Math.ceil((busy / slots) * shown)
  $('slots').setAttribute('aria-label', `${busy} of ${slots} slots are busy`)
  $('slots').replaceChildren(
    ...Array.from({ length: shown }, (_, n) => element('span', n < busyShown ? { class: 'busy' } : {})),
  )
}

function showFindings(determinism) {
  $('determinism').hidden = determinism === undefined
  if (determinism === undefined) return
  const { same, different, findings } = determinism
  $('findings-count').textContent = `${different} of ${same + different} that were run again`
  const shown = findings.map((finding) => {
    const summary = element('summary', {}, `${clock(finding.foundAt)}  `, kind(finding), ' ', link(finding))
    const lines = finding.differences.map(({ subject, first, second, offset }) => {
      const place = offset === undefined ? '' : `, from byte ${offset}`
      return `${subject}${place}\n  ${first}\n  ${second}`
    })
    if (finding.truncated) lines.push('and more')
    const text = element('pre', {}, foreign(lines.join('\n')))
    return element('details', { 'data-name': finding.name }, summary, text)
  })
  showDetails($('findings'), shown)
}

function showFailures(failures) {
  const shown = failures.map((failure) => {
    const summary = element(
      'summary',
      {},
      `${clock(failure.endedAt)}  `,
      outcome(failure),
      ' ',
      kind(failure),
      ' ',
      link(failure),
    )
    const text = failure.stderr ?? 'nothing was printed to standard error'
    return element('details', { 'data-name': failure.name }, summary, element('pre', {}, foreign(text)))
  })
  showDetails($('failures'), shown)
}

/** What somebody has opened stays open. */
function showDetails(place, shown) {
  const open = new Set([...place.querySelectorAll('details[open]')].map((details) => details.dataset.name))
  for (const details of shown) details.open = open.has(details.dataset.name)
  place.replaceChildren(...(shown.length === 0 ? [element('p', { class: 'empty' }, 'none')] : shown))
}

const kind = ({ mnemonic }) => foreign(mnemonic ?? '')

const link = ({ name, target, action }) =>
  element('a', { href: `/operations/${encodeURIComponent(name)}` }, foreign(target ?? action))

const number = (text) => element('td', { class: 'number' }, text)

function outcome({ outcome: text, cached }) {
  if (text !== 'ok') return element('span', { class: 'bad' }, foreign(text))
  return element('span', { class: 'good' }, cached ? 'cached' : 'ok')
}

const more = (all, shown) => (all > shown ? `${all}, of which ${shown} are shown` : String(all))
