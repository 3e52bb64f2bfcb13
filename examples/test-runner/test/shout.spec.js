import { equal } from 'node:assert/strict'
import { shout } from '../src/shout.js'

equal(shout('hello'), 'HELLO!')
