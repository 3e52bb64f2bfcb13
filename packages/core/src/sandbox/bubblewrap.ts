import { type HostView, SANDBOX_ROOT, type SandboxPlace, type SandboxSetup } from './sandbox.js'

/** For namespaces, mounts and the loopback device of each action; for taking all of that from its command. */
const KEEPERS = ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_SETPCAP']

/** For becoming another user, and for signals to one; gone with the change. */
const CHANGERS = ['CAP_SETUID', 'CAP_SETGID', 'CAP_KILL']

/** Where root, and so whoever is root outside, could change the kernel. In a sandbox that is kept, each action has a /proc of its own. */
const KERNEL_SETTINGS = ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus', '/proc/fs', '/proc/acpi']

/**
 * The command line of bwrap (0.8 or newer): the input root at /build and a /tmp of its own to write to, the machine's
 * programs to read, processes, host name, IPC and, unless it asks, network of its own, no privileges for any command. Nothing of
 * it outlives its first process, nor the launcher.
 */
export function bubblewrapArguments({ program, host, kept }: SandboxSetup, place: SandboxPlace): string[] {
  const capabilities = [...(kept ? KEEPERS : []), ...(place.changesUser ? CHANGERS : [])]
  return [
    program,
    // There are no other users in a user namespace that was made for one.
    ...(place.changesUser ? [] : ['--unshare-user']),
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(place.network ? [] : ['--unshare-net']),
    // Programs look up the address of their host; this one is found without a network.
    ...['--hostname', 'localhost'],
    ...['--cap-drop', 'ALL', '--die-with-parent', '--as-pid-1'],
    ...capabilities.flatMap((name) => ['--cap-add', name]),
    ...hostArguments(host),
    ...['--dev', '/dev', '--proc', '/proc'],
    ...(kept ? ['--remount-ro', '/dev'] : KERNEL_SETTINGS.flatMap((path) => ['--ro-bind-try', path, path])),
    ...['--bind', place.temporary, '/tmp', '--symlink', '../tmp', '/var/tmp'],
    ...['--bind', place.root, SANDBOX_ROOT],
    ...['--remount-ro', '/', '--chdir', '/', '--'],
  ]
}

/** The arguments of the first process in it (native/sandbox-init.c). */
export function insideArguments({ kept }: SandboxSetup, { network }: SandboxPlace): string[] {
  return [...(kept ? ['fresh'] : []), ...(network ? [] : ['loopback'])]
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
