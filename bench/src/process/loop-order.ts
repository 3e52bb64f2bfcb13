/** What a process that loads itself is told; it answers with a LoopResult. */
export interface LoopOrder {
  readonly seconds: number
}
