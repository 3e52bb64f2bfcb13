import { element } from './lib/element.ts'
import type { Name } from './lib/name.ts'

const names: readonly Name[] = [{ first: 'Ada' }, { first: 'Grace' }]

for (const { first } of names) {
  const item = document.createElement('li')
  item.textContent = first
  element('names').append(item)
}
