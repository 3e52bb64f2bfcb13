// `npm run build`: builds what changed, declarations included; with --force, everything.
import './lib/require-node.mjs'
import { prepared } from './lib/prepared.mjs'

await prepared({ types: true, force: process.argv.includes('--force') })
