import { greeting } from './greeting.js'
import { shout } from './shout.js'

const [name = 'world'] = process.argv.slice(2)
console.log(shout(greeting(name)))
