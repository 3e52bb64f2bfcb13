import { evict } from './evict.js'
import { shortForm } from './short-form.js'

shortForm(evict, { rounds: 4, shows: ['promises kept', 'evicted blobs'] })
