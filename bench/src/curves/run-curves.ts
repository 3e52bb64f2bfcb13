import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Arguments } from '../arguments.js'
import { chooseNamed } from '../choose.js'
import { temporaryDirectory } from '../process/temporary-directory.js'
import { svgChart } from '../report/chart/svg-chart.js'
import { figure } from '../report/figure.js'
import { type Machine, machineLine, thisMachine } from '../report/machine.js'
import { markdownTable } from '../report/markdown-table.js'
import { Section } from '../report/section.js'
import type { Curve, Point } from './curve.js'
import { curves } from './index.js'

interface MeasuredCurve {
  readonly curve: Curve
  readonly points: readonly Point[]
  /** Why there are no more points. */
  readonly failure?: string
}

/** `npm run bench -- --curves`. Returns whether every point was measured. */
export async function runCurves(args: Arguments, print: (lines: readonly string[]) => void): Promise<boolean> {
  const chosen = args.only.length === 0 ? curves : chooseNamed(curves, args.only)
  const section = args.markdown === undefined ? undefined : new Section(args.markdown, 'curves')
  const machine = thisMachine()
  const directory = temporaryDirectory(args.directory)
  print([machineLine(machine)])
  const measured: MeasuredCurve[] = []
  for (const curve of chosen) {
    print(['', `${curve.name}: ${curve.about}`])
    measured.push(await measureCurve(curve, join(directory, curve.name), args, print))
    // After each curve, so that what was measured is there if the benchmark is stopped.
    write(args, machine, measured, section)
  }
  return measured.every(({ failure }) => failure === undefined)
}

async function measureCurve(
  curve: Curve,
  directory: string,
  { seconds, points: count, config }: Arguments,
  print: (lines: readonly string[]) => void,
): Promise<MeasuredCurve> {
  const points: Point[] = []
  const setting = {
    seconds,
    directory,
    ...(count === undefined ? {} : { points: count }),
    ...(config === undefined ? {} : { config }),
  }
  const onPoint = (point: Point) => {
    points.push(point)
    const values = curve.figures.map(({ key, title }) => `${title} ${figure(point.values[key])}`)
    print([`  ${point.x.toLocaleString('en-US')} ${curve.xTitle}: ${values.join(', ')}`])
  }
  try {
    await curve.measure(setting, onPoint)
    return { curve, points }
  } catch (error) {
    const failure = (error as Error).message
    print([`  no further points: ${failure}`])
    return { curve, points, failure }
  }
}

function write(
  args: Arguments,
  machine: Machine,
  measured: readonly MeasuredCurve[],
  section: Section | undefined,
): void {
  const { seconds, json, svg, markdown } = args
  if (json !== undefined) {
    const results = measured.map(({ curve: { name, xTitle, figures }, ...rest }) => ({
      name,
      xTitle,
      figures,
      ...rest,
    }))
    mkdirSync(dirname(json), { recursive: true })
    writeFileSync(json, `${JSON.stringify({ machine, seconds, curves: results }, undefined, 2)}\n`)
  }
  if (svg !== undefined) {
    mkdirSync(svg, { recursive: true })
    for (const { curve, points } of measured.filter((one) => one.points.length > 0)) {
      for (const chart of curve.charts) writeFileSync(join(svg, `${chart.file}.svg`), svgChart(curve, chart, points))
    }
  }
  const images = svg === undefined || markdown === undefined ? undefined : relative(dirname(markdown), svg)
  section?.write([
    `${machineLine(machine)}; ${seconds} s a point.`,
    '',
    ...measured.flatMap((one) => curveLines(one, images)),
  ])
}

function curveLines({ curve, points, failure }: MeasuredCurve, images: string | undefined): string[] {
  const { name, about, xTitle, figures, charts } = curve
  const rows = points.map(({ x, values }) => [
    x.toLocaleString('en-US'),
    ...figures.map(({ key }) => figure(values[key])),
  ])
  return [
    `### ${name}`,
    '',
    `${about[0]?.toUpperCase()}${about.slice(1)}.`,
    '',
    ...(images === undefined || points.length === 0
      ? []
      : charts.flatMap(({ file, title }) => [`![${title}](${images}/${file}.svg)`, ''])),
    ...markdownTable([xTitle, ...figures.map(({ title }) => title)], rows),
    '',
    ...(failure === undefined ? [] : [`No further points: ${failure}`, '']),
  ]
}
