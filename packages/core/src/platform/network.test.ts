import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { wantsNetwork } from './network.js'
import { createPlatformCheck } from './platform-check.js'

const property = (pair: string) => ({ name: pair.split('=')[0] ?? '', value: pair.split('=')[1] ?? '' })

test('an action has the network when it says so, in one of the customary ways', () => {
  for (const pair of ['network=on', 'network=external', 'dockerNetwork=standard', 'DockerNetwork=Host']) {
    assert.ok(wantsNetwork([property(pair)]), pair)
  }
  for (const pair of ['network=off', 'network=', 'network=loud', 'dockerNetwork=off', 'net=on', 'Pool=on']) {
    assert.not(wantsNetwork([property(pair)]), pair)
  }
  assert.not(wantsNetwork([]))
  assert.not(wantsNetwork([property('network=on'), property('dockerNetwork=off')]))
})

test('PL-01: what is met is no unknown property, even to the strict', () => {
  const refuses = (pair: string, withoutNetwork: boolean) => {
    try {
      createPlatformCheck({ policy: 'strict', withoutNetwork })([property(pair)])
      return false
    } catch {
      return true
    }
  }
  assert.equal([refuses('network=on', false), refuses('network=on', true)], [false, false])
  assert.equal([refuses('network=off', false), refuses('network=off', true)], [true, false])
  assert.ok(refuses('network=loud', true))
})

test.run()
