// `npm run check`: formatting and lint, lengths of files, dead code, boundaries, types, what packages export.
import './lib/require-node.mjs'
import { checks, runCheck } from './lib/checks.mjs'
import { prepared } from './lib/prepared.mjs'
import { describe } from './lib/report.mjs'

if (await prepared({ build: false })) {
  for (const check of checks) {
    const result = await runCheck(check)
    process.stdout.write(describe(result))
    if (result.failed > 0) process.exitCode = 1
  }
}
