export type { ActionExecutor, ActionLookup, ActionRun, Lookup } from './executor.js'
export type { ExecuteRequest, Failure, OperationState, Outcome, Stage } from './operation.js'
export type { OperationListener } from './operation-record.js'
export { type ListOptions, type OperationPage, TaskScheduler, type TaskSchedulerOptions } from './task-scheduler.js'
