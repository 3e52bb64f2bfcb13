// `npm run build`: builds what changed; with --force, everything.
import './lib/require-node.mjs'
import { prepared } from './lib/prepared.mjs'

await prepared({ force: process.argv.includes('--force') })
