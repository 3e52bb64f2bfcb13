import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts' },
  format: 'esm',
  target: 'node20',
  clean: true,
  sourcemap: true,
  // Optional, and it loads a file that lies beside its own.
  external: ['@bokuweb/zstd-wasm'],
})
