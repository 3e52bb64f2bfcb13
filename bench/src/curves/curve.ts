/** How something grows: the same thing measured at several sizes. */
export interface Curve {
  readonly name: string
  /** One line for --help. */
  readonly about: string
  /** What is counted along the horizontal axis. */
  readonly xTitle: string
  /** The figures of a point, in the order of the table. */
  readonly figures: readonly Figure[]
  readonly charts: readonly ChartPlan[]
  readonly measure: (setting: CurveSetting, onPoint: (point: Point) => void) => Promise<void>
}

export interface Figure {
  /** Its name in `Point.values` and in the JSON. */
  readonly key: string
  /** With the unit. */
  readonly title: string
}

export interface ChartPlan {
  /** Of the SVG, without the ending. */
  readonly file: string
  readonly title: string
  readonly yTitle: string
  readonly keys: readonly string[]
  /** Whether a dashed line shows what growth in proportion would look like. */
  readonly proportion?: true
}

export interface CurveSetting {
  /** How long each point is measured, where a time can be chosen. */
  readonly seconds: number
  /** How many points, from the smallest on. Default: all. */
  readonly points?: number
  /** Empty, and removed afterwards. */
  readonly directory: string
  /** Configuration file of the servers. */
  readonly config?: string
}

export interface Point {
  readonly x: number
  readonly values: Readonly<Record<string, number>>
}
