// What of it is used here; it declares nothing itself.
declare module 'picomatch' {
  interface Options {
    readonly dot?: boolean
    readonly nonegate?: boolean
    readonly strictSlashes?: boolean
  }
  const picomatch: (pattern: string, options?: Options) => (path: string) => boolean

  // biome-ignore lint/style/noDefaultExport: this is how Node loads it
  export default picomatch
}
