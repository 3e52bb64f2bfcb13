import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'uvu'
import { LogScale } from '../src/report/chart/log-scale.js'
import { svgChart } from '../src/report/chart/svg-chart.js'

const curve = {
  xTitle: 'blobs',
  figures: [
    { key: 'a', title: 'a < b & "c"' },
    { key: 'b', title: 'b' },
  ],
}
const plan = { file: 'x', title: 'Growth', yTitle: 'ms', keys: ['a', 'b'] }

test('equal factors are equal distances, from one power of ten to another', () => {
  const scale = new LogScale([0.3, 20], 0, 300)
  deepEqual(scale.ticks, [0.1, 1, 10, 100])
  deepEqual(
    [0.1, 1, 10, 100].map((value) => Math.round(scale.position(value))),
    [0, 100, 200, 300],
  )
})

test('one value alone has an axis, too', () => {
  deepEqual(new LogScale([10], 0, 100).ticks, [10, 100])
})

test('a chart has a line and its points for each series, and shows only what was measured', () => {
  const svg = svgChart(curve, plan, [
    { x: 1, values: { a: 1, b: 5 } },
    { x: 10, values: { a: 10, b: 0 } },
    { x: 100, values: { a: 100 } },
  ])
  equal(svg.match(/<polyline/g)?.length, 2)
  equal(svg.match(/<circle/g)?.length, 4)
  match(svg, /a &lt; b &amp; &quot;c&quot;/)
  ok(!svg.includes('NaN') && !svg.includes('Infinity'), svg)
  isWellFormed(svg)
})

test('growth in proportion is a dashed line from the first point on that stays inside of the chart', () => {
  const points = [
    { x: 1, values: { a: 1 } },
    { x: 1000, values: { a: 9 } },
  ]
  const [, x2, y2] = /x2="([\d.]+)" y2="([\d.]+)" stroke="#7f7f7f" stroke-dasharray/.exec(
    svgChart(curve, { ...plan, keys: ['a'], proportion: true }, points),
  ) ?? ['', '', '']
  ok(Number(x2) < 640 && Number(y2) >= 40, `${x2} ${y2}`)
  equal(svgChart(curve, plan, points).includes('dasharray'), false)
})

/** Every element that is opened is closed, in order. */
function isWellFormed(svg: string): void {
  const open: string[] = []
  for (const [, end, name, self] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (end) equal(open.pop(), name)
    else if (!self && name) open.push(name)
  }
  deepEqual(open, [])
}

test.run()
