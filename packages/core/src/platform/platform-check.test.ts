import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GoregoError } from '../errors/index.js'
import { type LogFields, silentLogger } from '../observe/index.js'
import { platformOfMachine, thisMachine } from './machine-platform.js'
import { type PlatformPolicy, type PlatformProperty, platformProperties } from './platform.js'
import { createPlatformCheck, type PlatformCheckOptions } from './platform-check.js'

const here = platformOfMachine(thisMachine())
const [isa = ''] = here.ISA

/** `name=value` each. */
function properties(...pairs: string[]): PlatformProperty[] {
  return pairs.map((pair) => ({ name: pair.split('=', 1)[0] ?? '', value: pair.slice(pair.indexOf('=') + 1) }))
}

/** The code and message of the refusal; empty if there is none. */
function refusal(options: PlatformCheckOptions, ...pairs: string[]): string {
  try {
    createPlatformCheck(options)(properties(...pairs))
    return ''
  } catch (error) {
    assert.instance(error, GoregoError)
    return `${(error as GoregoError).code}: ${(error as GoregoError).message}`
  }
}

test('PL-02: OSFamily is that of this machine, in any case', () => {
  const { OSFamily } = here
  for (const value of [OSFamily, OSFamily.toUpperCase(), `${OSFamily[0]?.toUpperCase()}${OSFamily.slice(1)}`]) {
    assert.is(refusal({}, `OSFamily=${value}`), '')
  }
  assert.is(refusal({ labels: properties('OSFamily=macos') }, 'OSFamily=darwin'), '')
  const why = refusal({}, 'OSFamily=plan9')
  assert.match(why, /^failed-precondition: .*OSFamily = plan9/)
  assert.ok(why.includes(`OSFamily = ${OSFamily};`) && why.includes('execution.platform'), why)
  assert.match(refusal({}, 'OSFamily='), /^failed-precondition/)
})

test('PL-02: two systems at once are a contradiction, the same one twice is not', () => {
  assert.match(refusal({}, `OSFamily=${here.OSFamily}`, 'OSFamily=plan9'), /^invalid-argument: .*2 values of OSFamily/)
  assert.is(refusal({}, `OSFamily=${here.OSFamily}`, `OSFamily=${here.OSFamily.toUpperCase()}`), '')
})

test('PL-03, PL-04: every ISA that is asked for must be there', () => {
  assert.is(refusal({}, ...here.ISA.map((each) => `ISA=${each}`)), '')
  assert.match(refusal({}, `ISA=${isa}`, 'ISA=z80'), /^failed-precondition: .*ISA = z80/)
  assert.match(refusal({}, `ISA=${isa.toUpperCase()}`), /^failed-precondition/)
})

test('PL-04: labels are matched exactly, each value of them', () => {
  const labels = platformProperties({ gpu: ['a100', 'any'], rack: '7', '': 'nameless' })
  assert.is(refusal({ labels }, 'gpu=a100', 'gpu=any', 'rack=7', '=nameless'), '')
  for (const pair of ['gpu=A100', 'gpu=', 'rack=70']) assert.match(refusal({ labels }, pair), /^failed-precondition/)
})

test('labels take the place of what the machine says, and of what other services mean', () => {
  assert.match(
    refusal({ labels: properties('OSFamily=templeos') }, `OSFamily=${here.OSFamily}`),
    /^failed-precondition/,
  )
  assert.is(refusal({ labels: properties('OSFamily=TempleOS') }, 'OSFamily=templeos'), '')
  assert.is(refusal({}, 'Pool=large'), '')
  assert.match(refusal({ labels: properties('Pool=default') }, 'Pool=large'), /Pool = default/)
})

test('PL-05: properties are ordered by name, then by value, as bytes', () => {
  const ordered = platformProperties({ b: ['2', '10'], '\u{1f4e6}': 'x', '\uffee': 'x', a: '1' })
  assert.equal(ordered, properties('a=1', 'b=10', 'b=2', '\uffee=x', '\u{1f4e6}=x'))
})

test('PL-01: policies', () => {
  const outcomes = (policy: PlatformPolicy) =>
    ['container-image=docker://x', 'EstimatedCPU=2', 'POOL=x', 'colour=blue', 'OSFamily=plan9'].map(
      (pair) => refusal({ policy }, pair) === '',
    )
  assert.equal(outcomes('standard'), [true, true, true, false, false])
  assert.equal(outcomes('strict'), [false, false, false, false, false])
  assert.equal(outcomes('lenient'), [true, true, true, true, false])
  assert.match(refusal({ policy: 'strict' }, 'Pool=x'), /which is strict.*standard ignores/)
  assert.match(refusal({}, 'colour=blue'), /colour = blue.*execution\.platform.*lenient ignores/)
})

test('PL-01: what is ignored is said once, and nobody can make us remember names without end', () => {
  const warnings: LogFields[] = []
  const logger = { ...silentLogger, warn: (_: string, fields: LogFields = {}) => void warnings.push(fields) }
  const check = createPlatformCheck({ logger, policy: 'lenient' })
  for (let n = 0; n < 3; n++) check(properties('Pool=a', `Pool=${n}`, 'container-image=x'))
  assert.equal(warnings, [
    { property: 'Pool', value: 'a' },
    { property: 'container-image', value: 'x' },
  ])
  for (let n = 0; n < 5000; n++) check(properties(`made-up-${n}=${'x'.repeat(10_000)}`))
  assert.is(warnings.length, 1000)
  assert.ok(warnings.every(({ property, value }) => `${property}${value}`.length <= 200))
})

test('PL-01: whatever is asked for is met, ignored or refused with a short sentence', () => {
  const property = fc.record({
    name: fc.oneof(fc.constantFrom('OSFamily', 'ISA', 'Pool', 'gpu', '__proto__', 'constructor'), fc.string()),
    value: fc.oneof(fc.constantFrom(here.OSFamily, isa), fc.string({ unit: 'grapheme', maxLength: 500 })),
  })
  const checks = (['standard', 'strict', 'lenient'] as const).map((policy) =>
    createPlatformCheck({ policy, labels: properties('gpu=x') }),
  )
  fc.assert(
    fc.property(fc.array(property), (requested) => {
      const passed = checks.map((check) => {
        try {
          check(requested)
          return true
        } catch (error) {
          assert.instance(error, GoregoError)
          const { code, message } = error as GoregoError
          assert.ok(code === 'failed-precondition' || code === 'invalid-argument')
          assert.ok(message.length < 2000)
          return false
        }
      })
      const [standard, strict, lenient] = passed
      // What a policy lets pass, a more lenient one does.
      assert.ok((!strict || standard) && (!standard || lenient))
    }),
  )
})

test.run()
