// A step of its own: puts a script into a page.  node inline-script.js page.html script.js out.html
import { readFileSync, writeFileSync } from 'node:fs'

const [page, script, out] = process.argv.slice(2)
const inlined = `<script type="module">\n${readFileSync(script, 'utf8')}</script>`
writeFileSync(
  out,
  readFileSync(page, 'utf8').replace(/<script type="module" src="[^"]*"><\/script>/, () => inlined),
)
