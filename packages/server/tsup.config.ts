import { defineConfig } from 'tsup'

export default defineConfig({
  // The library, and the program of the processes that speak gRPC where there are several.
  entry: { index: 'src/index.ts', 'front-end': 'src/front-ends/main.ts' },
  format: 'esm',
  target: 'node20',
  clean: true,
  // Optional: who leaves them out has nothing of them, and the first loads a file that lies beside its own.
  external: ['@bokuweb/zstd-wasm', /^@opentelemetry\//],
})
