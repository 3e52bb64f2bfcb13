export interface Name {
  readonly first: string
}
