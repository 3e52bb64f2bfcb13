import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Machine, platformOfMachine, thisMachine } from './machine-platform.js'

const V2 = 'cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3'
const V3 = `${V2} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave`

const machine = (platform: NodeJS.Platform, arch: string, flags = '', littleEndian = true): Machine => ({
  platform,
  arch,
  littleEndian,
  cpuFlags: new Set(flags.split(' ')),
})

test('PL-02: operating systems have the names of the lexicon', () => {
  const families = (['linux', 'darwin', 'win32', 'freebsd', 'aix', 'sunos', 'openbsd'] as const).map(
    (platform) => platformOfMachine(machine(platform, 'x64')).OSFamily,
  )
  assert.equal(families, ['linux', 'macos', 'windows', 'freebsd', 'aix', 'sunos', 'openbsd'])
})

test('PL-03: instruction sets and their extensions have the names of the lexicon', () => {
  const isa = (arch: string, flags = '', littleEndian = true) =>
    platformOfMachine(machine('linux', arch, flags, littleEndian)).ISA
  const plain = ['x86-64', 'x86_64', 'amd64']
  assert.equal(isa('x64'), plain)
  assert.equal(isa('x64', V2), [...plain, 'x86-64-v2', 'x86-sse4.1', 'x86-sse4.2'])
  assert.equal(isa('x64', `${V3} avx512f`).slice(plain.length), [
    'x86-64-v2',
    'x86-64-v3',
    'x86-sse4.1',
    'x86-sse4.2',
    'x86-avx',
    'x86-avx2',
    'x86-avx-512',
  ])
  assert.ok(isa('x64', `${V3} avx512f avx512bw avx512cd avx512dq avx512vl`).includes('x86-64-v4'))
  assert.equal(isa('arm64', 'asimd sve'), ['arm-a64', 'armv8', 'arm64', 'aarch64', 'arm-neon', 'arm-sve'])
  assert.equal(isa('arm', 'vfpv4'), ['arm-a32', 'arm-t32', 'arm-vfpv4'])
  assert.equal([isa('ppc64'), isa('ppc64', '', false)], [['power-isa-le'], ['power-isa-be']])
  assert.equal(isa('mips'), ['mips'])
})

test('PL-03: a level that something is missing of does not count, nor do those above', () => {
  const { ISA } = platformOfMachine(machine('linux', 'x64', V3.replace('pni ', '')))
  assert.not(ISA.some((isa) => isa.startsWith('x86-64-v')))
})

test('this machine has an operating system and an instruction set', () => {
  const { OSFamily, ISA, Arch } = platformOfMachine(thisMachine())
  assert.ok(OSFamily !== '' && ISA.length > 0 && Arch.every((arch) => ISA.includes(arch)))
})

test.run()
