import { test } from 'uvu'
import { diskFull } from './disk-full.js'
import { shortForm } from './short-form.js'
import { SmallDisk } from './small-disk.js'

const disk = SmallDisk.mount(1024 * 1024)
if ('reason' in disk) {
  console.log(`SKIP disk-full: ${disk.reason}`)
  test.skip(`${diskFull.name}: ${diskFull.about}`)
  test.run()
} else {
  disk[Symbol.dispose]()
  shortForm(diskFull, {
    rounds: 1,
    shows: ['refused', 'blobs that stayed', 'went on after space came back', 'evicted'],
  })
}
