import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GoregoError } from '../errors/index.js'
import { Command } from '../proto/messages.js'
import { declaredOutputs } from './outputs.js'

const directories = ['', 'a/', 'a/b/', './', '../', 'a/../', 'a//', '/', '../../', 'a/../../../']
const names = ['x', 'y', '', '.', '..', '...', 'a\0b', '\0']

/** Where outputs are to be, with a working directory of one segment; what is refused, in words. */
function placesOf(paths: readonly string[]): string[] {
  try {
    const outputs = declaredOutputs(new Command().setOutputPathsList([...paths]), ['w'])
    return outputs.map(({ path, parent, name }) =>
      JSON.stringify([path, [...parent, ...(name === undefined ? [] : [name])]]),
    )
  } catch (error) {
    assert.instance(error, GoregoError)
    return [(error as GoregoError).message]
  }
}

test('CM-05: a path beside others is what it is by itself', () => {
  for (const directory of directories) {
    for (const name of names) {
      const path = `${directory}${name}`
      const alone = placesOf([path])
      for (const beside of [`${directory}x`, `${directory}z`, `${directory}...`]) {
        if (beside === path || placesOf([beside])[0]?.startsWith('[') !== true) continue
        assert.equal(placesOf([beside, path]).slice(-1), alone, JSON.stringify([beside, path]))
      }
    }
  }
})

test('CM-05: outputs of one directory share what says where it is, and none leads out', () => {
  const outputs = declaredOutputs(new Command().setOutputPathsList(['a/x', 'a/y', 'z', 'a/..']), ['w'])
  assert.equal(
    outputs.map(({ parent, name }) => [...parent, name].join('/')),
    ['w/a/x', 'w/a/y', 'w/z', 'w'],
  )
  assert.is(outputs[0]?.parent, outputs[1]?.parent)
  for (const path of ['..', './..', 'a/../..'])
    assert.match(placesOf(['x', `${path}/..`])[0] ?? '', /leads out of the input root/, path)
})

test.run()
