import { equal, ok, throws } from 'node:assert/strict'
import { test } from 'uvu'
import { GoregoError } from '../errors/index.js'
import { diskFull, isDiskFull, onDiskOf } from './disk-full.js'

const systemError = (code: string) => Object.assign(new Error(`${code}: write`), { code })

test('a full disk, a quota and a limit on files are told from everything else', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) ok(isDiskFull(systemError(code)), code)
  for (const other of [systemError('EACCES'), new Error('ENOSPC'), 'ENOSPC', undefined]) equal(isDiskFull(other), false)
})

test('BW-13: the error names the disk, and says when to try again', () => {
  const error = diskFull(systemError('ENOSPC'), 'the cache')
  equal(error.code, 'resource-exhausted')
  equal(error.message, 'no space is left on the disk of the cache: free some there, and try again')
  equal(error.details[0]?.kind, 'retry-after')
})

test('what goes wrong for another reason is passed on as it is', () => {
  equal(
    onDiskOf('the cache', () => 1),
    1,
  )
  const other = systemError('EACCES')
  throws(
    () =>
      onDiskOf('the cache', () => {
        throw other
      }),
    (error) => error === other,
  )
  throws(
    () =>
      onDiskOf('the cache', () => {
        throw systemError('EDQUOT')
      }),
    (error) => error instanceof GoregoError && /quota is used up on the disk of the cache/.test(error.message),
  )
})

test.run()
