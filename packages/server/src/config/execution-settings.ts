import type { Config } from './config.js'
import { boolean, listOf, oneOf, path, probability, wholeNumber } from './kinds.js'
import { platformProperties } from './platform-kind.js'
import { LONGEST_TIMEOUT_S, type SettingsOf } from './setting.js'
import { user } from './user-kind.js'

/** How actions run. */
export const executionSettings: SettingsOf<Config['execution']> = {
  enabled: {
    kind: boolean,
    fallback: () => true,
    about: '`false`: a remote cache that executes nothing.',
  },
  concurrency: {
    kind: wholeNumber({ min: 0, max: 1024 }),
    fallback: () => 0,
    fallbackText: '`0`: the number of CPUs',
    flag: 'concurrency',
    about: 'How many actions run at once.',
  },
  buildRoot: {
    kind: path,
    fallback: () => undefined,
    fallbackText: 'below `local_cache.dir`',
    resetBy: 'dir',
    about:
      'Where actions run. On another file system than `local_cache.dir`, inputs are copied instead of linked, which is slower.',
  },
  queueSize: {
    kind: wholeNumber({ of: 'actions', min: 1 }),
    fallback: () => 10_000,
    about: 'How many actions may wait for a slot; further ones are refused with `RESOURCE_EXHAUSTED`.',
  },
  platform: {
    kind: platformProperties,
    fallback: () => [],
    fallbackText: 'what the machine says of itself',
    about:
      'Platform properties that actions may ask for, beside `OSFamily`, `ISA` and `Arch` of this machine, or in their place: names with a value or a list of values each; in a variable `name=value,name=value`.',
  },
  platformPolicy: {
    kind: oneOf(['standard', 'strict', 'lenient']),
    fallback: () => 'standard',
    about:
      'What becomes of actions with platform properties that are not known here. `standard`: those by which clients talk to other services (`container-image`, `Pool`, …) are ignored with one warning each, others refused with `FAILED_PRECONDITION`; `strict`: all are refused; `lenient`: all are ignored.',
  },
  defaultTimeout: {
    kind: wholeNumber({ of: 'seconds', min: 1, max: LONGEST_TIMEOUT_S }),
    fallback: () => 3600,
    about: 'How long a command may run whose action sets no timeout, in seconds.',
  },
  maxTimeout: {
    kind: wholeNumber({ of: 'seconds', min: 1, max: LONGEST_TIMEOUT_S }),
    fallback: () => 86_400,
    about: 'The longest timeout that an action may set, in seconds; longer ones are refused with `INVALID_ARGUMENT`.',
  },
  abandonAfter: {
    kind: wholeNumber({ of: 'seconds', min: 1, max: 86_400 }),
    fallback: () => 60,
    about:
      'An action whose clients have all gone is cancelled after so many seconds; until then they can come back to it.',
  },
  absoluteSymlinks: {
    kind: oneOf(['allowed', 'disallowed']),
    fallback: () => 'allowed',
    about:
      'Whether symbolic links among inputs and outputs may have absolute targets. `disallowed` refuses such inputs, and fails actions that make such outputs.',
  },
  strict: {
    kind: boolean,
    fallback: () => false,
    about:
      '`true` refuses what the protocol lets a server refuse: lists in an Action, Command or Directory that are not sorted, and a working directory that is not among the inputs.',
  },
  maxStdoutMb: {
    kind: wholeNumber({ of: 'megabytes', min: 1, max: 1_000_000 }),
    fallback: () => 256,
    about:
      'How much a command may write to stdout, and as much to stderr, in MB of 10⁶ bytes. One that writes more is stopped, and its action fails with `FAILED_PRECONDITION`; what it wrote up to there is kept.',
  },
  reportResourceUsage: {
    kind: boolean,
    fallback: () => false,
    about:
      '`true` adds CPU time and peak memory of each action to its `auxiliary_metadata`, as a `gorego.execution.v1.ResourceUsage`. Some clients cannot print a result with a message that they do not know.',
  },
  determinismSampleRate: {
    kind: probability,
    fallback: () => 0,
    about:
      'Which part of the actions that are executed is run a second time, when a slot is idle, to see whether they do the same: `0.01` is one in a hundred. What differs is logged, counted, and told by `gorego verify-determinism --recorded`; an action that asks for the modification times of its outputs always does.',
  },
  sandbox: {
    kind: oneOf(['auto', 'bubblewrap', 'none']),
    fallback: () => 'auto',
    about:
      'What actions run in. `bubblewrap`: a sandbox with a writable input root and `/tmp`, the programs of the machine to read, no network unless the action asks, and nobody else; gorego does not start where that does not work. `auto`: the same where it works, otherwise no sandbox and a warning. `none`: no sandbox.',
  },
  sandboxMounts: {
    kind: listOf(path),
    fallback: () => [],
    fallbackText: 'none',
    about:
      'Further files and directories that actions see in the sandbox, to be read only, beside `/usr`, `/bin`, `/sbin`, `/lib*`, `/etc`, `/opt`, `/nix/store` and `/gnu/store`: where else compilers and tools are. A list.',
  },
  runAs: {
    kind: user,
    fallback: () => 'auto',
    about:
      'Who runs actions when root runs gorego. `unprivileged`: a user that nobody else is, one for all where there is a sandbox, otherwise one for each slot; gorego does not start where that does not work. `auto`: the same where it works, otherwise root and a warning. `root`: root. A user (name, `uid` or `uid:gid`): that one. Only root can run actions as somebody else: otherwise `auto` is whoever runs gorego, and anything else is an error.',
  },
}
