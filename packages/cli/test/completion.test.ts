// The scripts, in the shells that are there.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { COMMANDS } from '../src/commands.js'
import { placesOf } from '../src/completion/completions.js'
import { forBash } from '../src/completion/for-bash.js'
import { forFish } from '../src/completion/for-fish.js'
import { forZsh } from '../src/completion/for-zsh.js'

const places = placesOf(COMMANDS)
const files = temporaryDirectory()
test.after(() => files[Symbol.dispose]())

function script(name: string, text: string): string {
  const path = join(files.path, name)
  writeFileSync(path, text)
  return path
}

/** What a shell printed, as words; undefined where it is not there. */
function ask(shell: string, args: readonly string[]): string[] | undefined {
  const { error, stdout, stderr, status } = spawnSync(shell, args, { encoding: 'utf8', cwd: files.path })
  if (error !== undefined) {
    console.log(`skipped: ${shell} is not installed`)
    return undefined
  }
  assert.equal([status, stderr], [0, ''])
  return stdout.split(/\s+/).filter((word) => word !== '')
}

/** What the shell offers for the last of these words. */
type Offers = (...words: string[]) => string[] | undefined

function check(offers: Offers): void {
  const commands = offers('')
  if (commands === undefined) return
  for (const { name } of COMMANDS) assert.ok(commands.includes(name), name)
  assert.equal(offers('ca'), ['cache', 'cas'])
  assert.equal(offers('cache', 's'), ['stat'])
  assert.equal(offers('cas', 'get', '--tls-c'), ['--tls-ca', '--tls-cert'])
  assert.equal(offers('cas', 'ls', '--remote', 'cache', '--js'), ['--json'])
  // A flag of one command is none of another's.
  assert.equal(offers('cache', 'stat', '--tls-c'), [])
}

test('bash completes commands, commands of groups, and flags', () => {
  const path = script('gorego.bash', forBash(places))
  check((...words) => {
    const line = ['gorego', ...words].map((word) => `'${word}'`).join(' ')
    const shown = `source ${path}; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _gorego; printf '%s\\n' "\${COMPREPLY[@]}" | sort`
    return ask('bash', ['--norc', '-c', shown])
  })
  // Behind --, and as the value of a flag, it is file names that bash offers by itself.
  for (const words of ['run -- st', 'cas get --output st']) {
    const many = words.split(' ').length
    const shown = `source ${path}; COMP_WORDS=(gorego ${words}); COMP_CWORD=${many}; _gorego; echo "\${#COMPREPLY[@]}"`
    assert.equal(ask('bash', ['--norc', '-c', shown]) ?? ['0'], ['0'])
  }
})

test('fish completes the same', () => {
  const path = script('gorego.fish', forFish(places))
  check((...words) =>
    ask('fish', ['--no-config', '-c', `source ${path}; complete -C 'gorego ${words.join(' ')}' | cut -f1 | sort`]),
  )
})

test('zsh completes the same', () => {
  const path = script('gorego.zsh', forZsh(places))
  check((...words) => {
    // The function itself, with what zsh gives it; what it offers is what begins like the word.
    const last = words.at(-1) ?? ''
    const given = `words=(gorego ${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length + 1}`
    const stubs = `compdef() { }; _files() { }; _describe() { local each; for each in $known; do [[ $each == '${last}'* ]] && print -- \${each%%:*}; done }`
    return ask('zsh', ['-f', '-c', `${stubs}; source ${path}; ${given}; _gorego | sort`])
  })
})

test.run()
