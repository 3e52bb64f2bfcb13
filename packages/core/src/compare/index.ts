export { type CompareActionsOptions, compareActions } from './compare-actions.js'
export { outputsOf } from './compare-commands.js'
export { type DescribedAction, describeAction } from './described-action.js'
export type { Comparison, Difference, DifferenceKind } from './difference.js'
