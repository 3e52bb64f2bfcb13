// No directory is passed over that holds a match.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compileGlob } from './glob-patterns.js'

const name = fc.constantFrom('a', 'b', 'ab', '.a', 'a.b', 'c')
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
const segment = fc.constantFrom(
  ...['a', 'b', '*', '**', '?', '.a', '.*', 'a*', '{a,b}', '{a,b/a}', '{a,.a}', '@(a|b)', '@(b|.a)', '+(a|.)', '[ab]'],
  ...['[.a]a', '[.]a', '*.b', '!(a)', '\\.a', '**.a', 'a[,-0]b', 'a[[:punct:]]b'],
)
const pattern = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))

test('whatever the patterns: what matches is below directories that may hold it', async () => {
  let matched = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(pattern, { minLength: 1, maxLength: 3 }),
      path,
      fc.boolean(),
      async (patterns, file, dotfiles) => {
        const glob = await compileGlob(patterns, dotfiles)
        if (!glob.matches(file)) return
        matched++
        const names = file.split('/')
        for (let n = 1; n < names.length; n++) {
          const directory = names.slice(0, n).join('/')
          assert.ok(glob.mayHold(directory), `${patterns}: ${directory} of ${file}`)
        }
      },
    ),
    { numRuns: 3000 },
  )
  assert.ok(matched > 100, `only ${matched} matches`)
})

test.run()
