import { type HostView, SANDBOX_ROOT, type SandboxEntry, type SandboxPlace, type SandboxSetup } from './sandbox.js'

/**
 * The command line of bwrap (0.8 or newer) for one action: its input root at /build and a /tmp of its own to write to, the machine's
 * programs to read, processes, host name, IPC and, unless it asks, network of its own, no privileges. Nothing of
 * it outlives its first process, nor the launcher.
 */
export function enterBubblewrap({ program, init, host }: SandboxSetup, place: SandboxPlace): SandboxEntry {
  const argv = [
    program,
    // There are no other users in a user namespace that was made for one.
    ...(place.changesUser ? [] : ['--unshare-user']),
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(place.network ? [] : ['--unshare-net']),
    // Programs look up the address of their host; this one is found without a network.
    ...['--hostname', 'localhost'],
    ...['--cap-drop', 'ALL', '--die-with-parent', '--as-pid-1'],
    // Gone with the change.
    ...(place.changesUser ? ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID'] : []),
    ...hostArguments(host),
    ...['--dev', '/dev', '--proc', '/proc'],
    ...['--bind', place.temporary, '/tmp', '--symlink', '../tmp', '/var/tmp'],
    ...['--bind', place.root, SANDBOX_ROOT],
    ...['--remount-ro', '/', '--chdir', '/', '--'],
  ]
  return { init, argv }
}

function hostArguments({ shown, links, hidden }: HostView): string[] {
  return [
    ...links.flatMap(({ path, target }) => ['--symlink', target, path]),
    ...shown.flatMap((path) => ['--ro-bind-try', path, path]),
    ...hidden.flatMap((path) => ['--tmpfs', path, '--remount-ro', path]),
  ]
}

/** A path of the input root as a command in the sandbox has it. */
export function pathInSandbox(path: string, root: string): string {
  return `${SANDBOX_ROOT}${path.slice(root.length)}`
}

/** Whether something of this machine is there in the sandbox, under the same path. */
export function isShown(path: string, { shown, links, hidden }: HostView): boolean {
  const isBelow = (directory: string) => path === directory || path.startsWith(`${directory}/`)
  return !hidden.some(isBelow) && [...shown, ...links.map((link) => link.path)].some(isBelow)
}
