import { defineConfig } from 'tsup'

// Three entry points: the library, its contract suites, and the program that every slot's child process runs.
// google-protobuf is inside: to import it as the CommonJS that it is costs a process that starts 60 ms of CPU, most of them for a look at
// what its 247 KB might export. The runner stands alone (with hash-wasm, too), so that a bundled build tool can ship that one file.
export default defineConfig([
  {
    entry: { index: 'src/index.ts', 'testing/index': 'src/testing/index.ts' },
    format: 'esm',
    target: 'node20',
    clean: true,
    // Optional: looked for when it is needed.
    external: [/^hash-wasm\//],
    noExternal: ['google-protobuf'],
  },
  {
    entry: { runner: 'src/runner/main.ts' },
    format: 'esm',
    target: 'node20',
    noExternal: ['google-protobuf', /^hash-wasm\//],
    splitting: false,
  },
])
