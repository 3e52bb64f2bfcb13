import type { NextSteps } from '../remote/explain-remote-error.js'

/** For commands that ask for a blob by its digest. */
export const BLOB_STEPS: NextSteps = {
  'not-found': 'it was evicted, or stored elsewhere: check --remote and --instance, and store or build it again',
}

/** For those that read a directory. */
export const DIRECTORY_STEPS: NextSteps = {
  ...BLOB_STEPS,
  'invalid-argument': 'name a directory, or where it says so an action; "gorego cas get" fetches any blob',
}

/** For those that ask for an action by its digest. */
export const ACTION_STEPS: NextSteps = {
  ...BLOB_STEPS,
  'invalid-argument': 'name an action, as "gorego run --json" and "gorego ops show" do',
}

/** For those that ask for operations by name. */
export const OPERATION_STEPS: NextSteps = { 'not-found': '"gorego ops ls --all" lists those that are known' }
