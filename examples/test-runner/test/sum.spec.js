import { equal } from 'node:assert/strict'
import { sum } from '../src/sum.js'

equal(sum([1, 2, 3]), 6)
