import type { ChartPlan, Curve, Point } from '../../curves/curve.js'
import { figure } from '../figure.js'
import { LogScale } from './log-scale.js'

const WIDTH = 640
const HEIGHT = 360
const LEFT = 70
const RIGHT = 45
const TOP = 40
const BOTTOM = 50
const LEGEND_LINE = 18

/** Legible on white and on black. */
const INK = '#7f7f7f'
const COLOURS = ['#2f86d1', '#d9772b', '#3aa26a', '#b05cc6']

interface Line {
  readonly title: string
  readonly colour: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

/** A chart with two logarithmic axes, as the text of an SVG file. */
export function svgChart(
  { xTitle, figures }: Pick<Curve, 'xTitle' | 'figures'>,
  { title, yTitle, keys, proportion }: ChartPlan,
  points: readonly Point[],
): string {
  const lines = keys.map(
    (key, n): Line => ({
      title: figures.find((one) => one.key === key)?.title ?? key,
      colour: COLOURS[n % COLOURS.length] ?? INK,
      points: points.flatMap(({ x, values }) => {
        const y = values[key]
        return y === undefined || y <= 0 ? [] : [{ x, y }]
      }),
    }),
  )
  const all = lines.flatMap((line) => line.points)
  const x = new LogScale(
    all.map((point) => point.x),
    LEFT,
    WIDTH - RIGHT,
  )
  const y = new LogScale(
    all.map((point) => point.y),
    HEIGHT - BOTTOM,
    TOP,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="${INK}">`,
    text(WIDTH / 2, 20, title, 'middle', ' font-size="14"'),
    ...x.ticks.flatMap((tick) => verticalTick(x.position(tick), tick)),
    ...y.ticks.flatMap((tick) => horizontalTick(y.position(tick), tick)),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, xTitle, 'middle'),
    text(0, 0, yTitle, 'middle', ` transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)"`),
    ...(proportion ? proportionLine(lines[0], x, y) : []),
    ...lines.flatMap((line) => drawLine(line, x, y)),
    ...lines.flatMap(({ title: name, colour }, n) => legend(name, colour, n)),
    '</svg>',
    '',
  ].join('\n')
}

function drawLine({ colour, points }: Line, x: LogScale, y: LogScale): string[] {
  const places = points.map((point) => ({ x: round(x.position(point.x)), y: round(y.position(point.y)) }))
  const path = places.map((place) => `${place.x},${place.y}`).join(' ')
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...places.map((place, n) => {
      const { x: at = 0, y: value = 0 } = points[n] ?? {}
      const hint = `${at.toLocaleString('en-US')}: ${figure(value)}`
      return `<circle cx="${place.x}" cy="${place.y}" r="3.5" fill="${colour}"><title>${hint}</title></circle>`
    }),
  ]
}

/** From the first point on as growth in proportion would go on, as far as the chart reaches. */
function proportionLine(line: Line | undefined, x: LogScale, y: LogScale): string[] {
  const first = line?.points[0]
  const last = line?.points.at(-1)
  if (first === undefined || last === undefined) return []
  const factor = Math.min(last.x / first.x, y.highest / first.y)
  const [x1, y1] = [x.position(first.x), y.position(first.y)].map(round)
  const [x2, y2] = [x.position(first.x * factor), y.position(first.y * factor)].map(round)
  return [
    `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${INK}" stroke-dasharray="4 4"><title>in proportion</title></line>`,
  ]
}

function verticalTick(at: number, value: number): string[] {
  return [rule(at, TOP, at, HEIGHT - BOTTOM), text(at, HEIGHT - BOTTOM + 16, tickText(value), 'middle')]
}

function horizontalTick(at: number, value: number): string[] {
  return [rule(LEFT, at, WIDTH - RIGHT, at), text(LEFT - 8, at + 4, tickText(value), 'end')]
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(round)
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${INK}" stroke-opacity="0.3"/>`
}

function legend(title: string, colour: string, place: number): string[] {
  const y = TOP + 14 + place * LEGEND_LINE
  return [
    `<rect x="${LEFT + 12}" y="${y - 9}" width="10" height="10" fill="${colour}"/>`,
    text(LEFT + 28, y, title, 'start'),
  ]
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${more}>${escapeXml(content)}</text>`
}

function tickText(value: number): string {
  return value >= 1 ? value.toLocaleString('en-US') : String(value)
}

function escapeXml(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}
