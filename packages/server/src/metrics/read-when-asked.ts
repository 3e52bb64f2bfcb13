import { Counter, Gauge, type Registry } from 'prom-client'

/** What is known elsewhere, and read when somebody asks for it. */
export interface ReadWhenAsked {
  readonly registry: Registry
  readonly name: string
  readonly help: string
}

export function gaugeOf({ registry, name, help }: ReadWhenAsked, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}

/** What only grows and is counted elsewhere, by the values of one label: `undefined` as long as nobody counts. */
export function counterOf<Label extends string>(
  { registry, name, help, label }: ReadWhenAsked & { readonly label: Label },
  read: () => Readonly<Record<string, number>> | undefined,
): void {
  new Counter({
    name,
    help,
    labelNames: [label] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const [value, count] of Object.entries(read() ?? {}))
        this.inc({ [label]: value } as Record<Label, string>, count)
    },
  })
}
