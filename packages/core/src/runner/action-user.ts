/** Who a slot's commands are run by, where that is not whoever runs the worker: only root can have it so. */
export interface ActionUser {
  readonly uid: number
  readonly gid: number
  /** Nothing else is run by that user: whatever it has running is the slot's. */
  readonly exclusive: boolean
}
