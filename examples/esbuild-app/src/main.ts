import { element } from './lib/element.ts'
import { greeting } from './lib/greeting.ts'

element('greeting').textContent = greeting('you')
