import { defineConfig } from 'tsup'

// Three entry points: the library, its contract suites, and the program that every slot's child process runs.
// The runner stands alone (google-protobuf and hash-wasm inside), so that a bundled build tool can ship that one file.
export default defineConfig([
  {
    entry: { index: 'src/index.ts', 'testing/index': 'src/testing/index.ts' },
    format: 'esm',
    target: 'node20',
    clean: true,
    // Optional: looked for when it is needed.
    external: [/^hash-wasm\//],
  },
  {
    entry: { runner: 'src/runner/main.ts' },
    format: 'esm',
    target: 'node20',
    noExternal: ['google-protobuf', /^hash-wasm\//],
    splitting: false,
  },
])
