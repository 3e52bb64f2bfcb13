// The package has types, but its manifest does not say where. These are the parts that are used.
declare module '@bokuweb/zstd-wasm' {
  /** Loads the program; to be awaited before anything else. */
  export function init(): Promise<void>
  /** One frame. */
  export function compress(bytes: Uint8Array, level?: number): Uint8Array
}
