// hash-wasm declares its whole, not the file for each function.
declare module 'hash-wasm/dist/blake3.umd.min.js' {
  const functions: Pick<typeof import('hash-wasm'), 'createBLAKE3'>
  export = functions
}
