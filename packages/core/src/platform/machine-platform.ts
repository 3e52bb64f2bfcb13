import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'

/** What has to be known of a machine to say what it offers. */
export interface Machine {
  readonly platform: NodeJS.Platform
  /** As `process.arch`. */
  readonly arch: string
  readonly littleEndian: boolean
  /** As the kernel spells them: `avx2`, `asimd`. Empty where nobody tells. */
  readonly cpuFlags: ReadonlySet<string>
}

/** Names of the lexicon of REAPI (platform.md), where they differ from Node's. */
const OS_FAMILIES: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows', cygwin: 'windows' }

/** The lexicon's instruction sets by Node's `process.arch`; after them what others call the same. */
const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  x64: ['x86-64', 'x86_64', 'amd64'],
  ia32: ['x86-32'],
  arm64: ['arm-a64', 'armv8', 'arm64', 'aarch64'],
  arm: ['arm-a32', 'arm-t32'],
  riscv64: ['rv64g'],
  loong64: ['la64v100'],
  s390x: ['s390x'],
}

/** The lexicon's extensions, by the flag that says that the processor has them. */
const EXTENSIONS: Readonly<Record<string, readonly (readonly [flag: string, isa: string])[]>> = {
  x64: [
    ['sse4_1', 'x86-sse4.1'],
    ['sse4_2', 'x86-sse4.2'],
    ['avx', 'x86-avx'],
    ['avx2', 'x86-avx2'],
    ['avx512f', 'x86-avx-512'],
  ],
  arm64: [
    ['asimd', 'arm-neon'],
    ['sve', 'arm-sve'],
  ],
  arm: [
    ['neon', 'arm-neon'],
    ['vfpv3', 'arm-vfpv3'],
    ['vfpv4', 'arm-vfpv4'],
  ],
}

/** The levels of the x86-64 psABI, each with what it adds to the one before, in the words of /proc/cpuinfo. */
const X86_64_LEVELS = [
  ['x86-64-v2', 'cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3'],
  ['x86-64-v3', 'abm avx avx2 bmi1 bmi2 f16c fma movbe xsave'],
  ['x86-64-v4', 'avx512f avx512bw avx512cd avx512dq avx512vl'],
] as const

/** PL-02, PL-03: what a machine offers by itself: its `OSFamily`, every `ISA` that it has, and BuildBuddy's `Arch`. */
export function platformOfMachine(machine: Machine): { OSFamily: string; ISA: string[]; Arch: string[] } {
  const { platform } = machine
  return {
    OSFamily: OS_FAMILIES[platform] ?? platform,
    ISA: instructionSets(machine),
    Arch: [...architectures(machine)],
  }
}

export function thisMachine(): Machine {
  const { platform, arch } = process
  return {
    platform,
    arch,
    littleEndian: endianness() === 'LE',
    cpuFlags: platform === 'linux' ? cpuFlags() : new Set(),
  }
}

function architectures({ arch, littleEndian }: Machine): readonly string[] {
  if (arch === 'ppc64' || arch === 'ppc') return [littleEndian ? 'power-isa-le' : 'power-isa-be']
  return ARCHITECTURES[arch] ?? [arch]
}

function instructionSets(machine: Machine): string[] {
  const { arch, cpuFlags } = machine
  const extensions = (EXTENSIONS[arch] ?? []).filter(([flag]) => cpuFlags.has(flag)).map(([, isa]) => isa)
  return [...architectures(machine), ...(arch === 'x64' ? levels(cpuFlags) : []), ...extensions]
}

function levels(cpuFlags: ReadonlySet<string>): string[] {
  const missed = X86_64_LEVELS.findIndex(([, flags]) => !flags.split(' ').every((flag) => cpuFlags.has(flag)))
  return X86_64_LEVELS.slice(0, missed < 0 ? X86_64_LEVELS.length : missed).map(([level]) => level)
}

/** Of the first processor: they are all alike, but for rare machines whose owner can set the labels. */
function cpuFlags(): ReadonlySet<string> {
  try {
    const [, flags = ''] = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? []
    return new Set(flags.trim().split(/\s+/))
  } catch {
    return new Set()
  }
}
