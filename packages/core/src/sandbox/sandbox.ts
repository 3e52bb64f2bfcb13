/** Where an action has its input root in a sandbox: the same in every slot and on every machine, so outputs that name it are alike. */
export const SANDBOX_ROOT = '/build'

/** A sandbox that works on this machine, as a runner is told of it. Plain data. */
export interface SandboxSetup {
  /** The path of bwrap. */
  readonly program: string
  /** The path of the program that is the first process in a sandbox (native/sandbox-init.c). */
  readonly init: string
  /** What every action sees of this machine. */
  readonly host: HostView
  /** Whether one sandbox serves one action after the other, each with namespaces of its own in it; else each action has one made for it. */
  readonly kept: boolean
}

/** What an action sees of this machine, all of it to be read only. */
export interface HostView {
  /** Absolute paths of directories and files. */
  readonly shown: readonly string[]
  /** Symbolic links at the top (`/bin` to `usr/bin`), made anew. */
  readonly links: readonly { readonly path: string; readonly target: string }[]
  /** Directories below those that are shown empty. */
  readonly hidden: readonly string[]
}

/** How one command gets into its sandbox. */
export interface SandboxEntry {
  readonly init: string
  /** With the same key and `argv` as for the command before, it is the same sandbox; with none, it is for one command. */
  readonly key: string
  /** What makes it; the first process in it, and `inside`, are to be added. */
  readonly argv: readonly string[]
  /** The arguments of its first process. */
  readonly inside: readonly string[]
}

/** What a sandbox has beside the machine. */
export interface SandboxPlace {
  /** The input root, without symbolic links on the way. */
  readonly root: string
  /** What it finds at /tmp. */
  readonly temporary: string
  /** Whether it reaches the network, or only itself. */
  readonly network: boolean
  /** Whether its first process becomes another user, for which root has to make it. */
  readonly changesUser: boolean
}
