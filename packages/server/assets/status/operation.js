// One operation: what was to run, what it saw, what came of it, how long each part took, and why it was not the one before.
import { $, bytes, duration, element, facts, foreign, row } from './elements.js'

const name = location.pathname.split('/').at(-1)

const PHASES = {
  lookup: 'looked up',
  queued: 'waited',
  stage: 'inputs',
  run: 'command',
  collect: 'outputs',
  other: 'the rest',
}

/** The stage that the page shows. */
let shown
/** Of the Action, which stays the same: what somebody has opened stays open. */
let inputTree

async function show() {
  const operation = await ask(`/api/operations/${name}`)
  if (operation.error !== undefined) {
    $('connection').textContent = operation.error
    return
  }
  const { labels, command, stage } = operation
  // It goes on without us otherwise. What is open on the page stays open while nothing has changed.
  if (stage !== 'completed') setTimeout(() => void show(), 1000)
  if (stage === shown) return
  shown = stage
  document.title = `${labels.target ?? name} · gorego`
  $('connection').textContent = stage
  if (operation.inputRoot !== undefined) inputTree ??= inputs(operation.inputRoot)
  const parts = [
    element('h2', {}, foreign(labels.target ?? `operation ${name}`)),
    summary(operation),
    ...timings(operation),
    ...(operation.unavailable === undefined ? [] : [element('p', { class: 'bad' }, foreign(operation.unavailable))]),
    ...(command === undefined ? [] : commandParts(command)),
    ...printed('Standard error', operation.stderr),
    ...printed('Standard output', operation.stdout),
    ...outputs(operation),
    ...(inputTree ?? []),
    ...why(),
  ]
  $('operation').replaceChildren(...parts)
}

async function ask(path) {
  const response = await fetch(path)
  return response.ok ? await response.json() : { error: (await response.text()).trim() }
}

function summary({ labels, instance, action, exitCode, failure, cached, message, resources, logs, createdAt }) {
  const outcome = failure === undefined ? exitOf(exitCode) : `${failure.code}: ${failure.message}`
  const isBad = failure !== undefined || exitCode > 0
  return facts([
    ...(outcome === undefined
      ? []
      : [
          [
            'outcome',
            element('span', { class: isBad ? 'bad' : 'good' }, foreign(outcome + (cached ? ', from the cache' : ''))),
          ],
        ]),
    ...(message ? [['message', foreign(message)]] : []),
    ...Object.entries(labels).map(([label, value]) => [label, foreign(value)]),
    ...(instance === '' ? [] : [['instance', foreign(instance)]]),
    ['asked for', new Date(createdAt).toLocaleString()],
    ...(resources === undefined ? [] : [['used', used(resources)]]),
    ...logs.map((log) => [`log ${log.name}`, blob(log.digest, `${log.name}.txt`, 'download')]),
    ['action', blob(action, 'action', action)],
  ])
}

const exitOf = (code) => (code === undefined ? undefined : code === 0 ? 'ok' : `exit ${code}`)

function used({ userCpuMs, systemCpuMs, peakMemoryBytes }) {
  const memory = peakMemoryBytes === undefined ? '' : `, ${bytes(peakMemoryBytes)} of memory at most`
  return `${duration(userCpuMs + systemCpuMs)} of CPU${memory}`
}

/** A bar of the time from the request to the end. */
function timings({ createdAt, enteredAt, periods = {}, cached }) {
  const end = enteredAt.completed ?? Date.now()
  const { queued = enteredAt.executing ?? end, executing = end } = enteredAt
  const spans = [
    ['lookup', queued - createdAt],
    ['queued', executing - queued],
    ...['stage', 'run', 'collect'].flatMap((phase) =>
      periods[phase] ? [[phase, periods[phase][1] - periods[phase][0]]] : [],
    ),
  ]
  const known = spans.reduce((sum, [, ms]) => sum + Math.max(0, ms), 0)
  const all = [...spans, ['other', end - createdAt - known]].filter(([, ms]) => ms > 0)
  const total = all.reduce((sum, [, ms]) => sum + ms, 0)
  const bar = element('div', { class: 'bar', role: 'img', 'aria-label': all.map(label).join(', ') })
  for (const span of all) {
    const part = element('span', { class: span[0], title: label(span) })
    part.style.flexGrow = String(span[1] / Math.max(total, 1))
    bar.append(part)
  }
  const legend = all.map((span) => element('li', {}, element('span', { class: span[0] }), label(span)))
  return [
    element('h2', {}, 'Time ', element('span', { class: 'count' }, duration(end - createdAt))),
    ...(cached ? [element('p', { class: 'empty' }, 'the action cache had the answer')] : []),
    bar,
    element('ul', { class: 'legend' }, ...legend),
  ]
}

const label = ([phase, ms]) => `${PHASES[phase]} ${duration(ms)}`

function commandParts({
  arguments: argv,
  variables,
  workingDirectory,
  outputs: declared,
  platform,
  timeoutSeconds,
  doNotCache,
}) {
  return [
    element('h2', {}, 'Command'),
    element('pre', {}, foreign(argv.map(quoted).join(' '))),
    facts([
      ...(workingDirectory === '' ? [] : [['in', foreign(workingDirectory)]]),
      ...(timeoutSeconds === undefined ? [] : [['time limit', `${timeoutSeconds} s`]]),
      ...(doNotCache ? [['cache', 'not to be cached']] : []),
      ['outputs', foreign(declared.join(', ') || 'none')],
    ]),
    ...pairs('Environment', variables),
    ...pairs('Platform', platform),
  ]
}

/** As a shell would take it. */
const quoted = (argument) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`)

function pairs(title, list) {
  if (list.length === 0) return []
  const rows = list.map(([key, value]) => row(foreign(key), foreign(value)))
  return [
    element('h2', {}, title),
    element(
      'div',
      { class: 'scroll' },
      element('table', {}, element('caption', {}, title), element('tbody', {}, ...rows)),
    ),
  ]
}

function printed(title, text) {
  if (text === undefined) return []
  const heading = element('h2', {}, title)
  if (text.digest !== undefined) heading.append(' ', blob(text.digest, 'printed.txt', 'all of it'))
  const before =
    text.leftOut > 0 ? [element('p', { class: 'faint' }, `${bytes(text.leftOut)} before this are left out`)] : []
  return [heading, ...before, element('pre', {}, foreign(text.text))]
}

function outputs({ outputs: list, outputsInAll }) {
  if (list === undefined) return []
  const count = element(
    'span',
    { class: 'count' },
    list.length < outputsInAll ? `${list.length} of ${outputsInAll}` : String(list.length),
  )
  const items = list.map((output) => {
    if (output.kind === 'directory') return directory(output.path, output.digest)
    if (output.kind === 'symlink') return element('li', {}, foreign(`${output.path} → ${output.target}`))
    return file(output.path, output)
  })
  return [element('h2', {}, 'Outputs ', count), tree(items)]
}

function inputs(root) {
  const top = directory('input root', root)
  return [element('h2', {}, 'Inputs'), tree([top])]
}

const tree = (items) => element('div', { class: 'tree' }, element('ul', {}, ...items))

/** Read when it is opened: a tree can have a hundred thousand files. */
function directory(label, digest) {
  const details = element('details', {}, element('summary', {}, foreign(`${label}/`)))
  details.addEventListener(
    'toggle',
    async () => {
      const { error, entries = [], entriesInAll = 0 } = await ask(`/api/directories/${digest}`)
      const items = entries.map((entry) => {
        if (entry.kind === 'directory') return directory(entry.name, entry.digest)
        if (entry.kind === 'symlink') return element('li', {}, foreign(`${entry.name} → ${entry.target}`))
        return file(entry.name, entry)
      })
      if (error !== undefined) items.push(element('li', { class: 'bad' }, foreign(error)))
      if (entriesInAll > entries.length)
        items.push(element('li', { class: 'faint' }, `and ${entriesInAll - entries.length} more`))
      if (items.length === 0) items.push(element('li', { class: 'faint' }, 'empty'))
      details.append(element('ul', {}, ...items))
    },
    { once: true },
  )
  return element('li', {}, details)
}

function file(path, { digest, sizeBytes, executable }) {
  const label = digest === undefined ? foreign(path) : blob(digest, path.split('/').at(-1), path)
  return element(
    'li',
    {},
    label,
    element('span', { class: 'faint' }, ` ${bytes(sizeBytes ?? 0)}${executable ? ', executable' : ''}`),
  )
}

const blob = (digest, called, label) =>
  element('a', { href: `/blobs/${digest}/${encodeURIComponent(called)}` }, foreign(label))

function why() {
  const place = element('div', {}, element('p', { class: 'empty' }, 'comparing …'))
  void ask(`/api/operations/${name}/why`).then((answer) => place.replaceChildren(...explained(answer)))
  return [element('h2', {}, 'What differs from the last action of this target'), place]
}

function explained({ error, previous, previousAt, comparison }) {
  const say = (text) => element('p', { class: 'empty' }, foreign(text))
  if (error !== undefined) return [say(error)]
  if (previous === undefined) return [say('no other action of this target with these outputs is remembered')]
  const rows = comparison.differences.map(({ kind, subject, before, after }) =>
    row(foreign(`${kind} ${subject}`), foreign(before ?? '–'), foreign(after ?? '–')),
  )
  const head = element(
    'thead',
    {},
    element('tr', {}, ...['what', 'before', 'now'].map((text) => element('th', {}, text))),
  )
  return [
    say(`compared with ${previous}, of ${new Date(previousAt).toLocaleString()}`),
    element(
      'div',
      { class: 'scroll' },
      element('table', {}, element('caption', {}, 'What differs'), head, element('tbody', {}, ...rows)),
    ),
    ...(comparison.truncated ? [say('and more')] : []),
    ...comparison.unknown.map(say),
  ]
}

await show()
