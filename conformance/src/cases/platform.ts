import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { altered, execute, type SentAction, uploadAction } from '../client/actions.js'
import { isCode } from '../client/codes.js'
import type { RawClient } from '../client/raw-client.js'
import { type Ending, endingOf } from '../client/results.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const platform = new Cases((t) => t.needsExecution())
const { test } = platform

type Properties = readonly (readonly [name: string, value: string])[]

const platformOf = (properties: Properties) =>
  new reapi.Platform().setPropertiesList(
    properties.map(([name, value]) => new reapi.Platform.Property().setName(name).setValue(value)),
  )

/** An action that asks for a platform in its Action, its Command, or both. */
function asking(t: Tester, ofAction?: Properties, ofCommand?: Properties): SentAction {
  return altered(t.shell('true'), {
    action: (action) => ofAction && action.setPlatform(platformOf(ofAction)),
    command: (command) => ofCommand && command.setPlatform(platformOf(ofCommand)),
  })
}

async function ending(client: RawClient, action: SentAction): Promise<Ending> {
  await uploadAction(client, action)
  return await endingOf(execute(client, action.digest))
}

/** What the servers below offer. */
const OFFERED = 'OSFamily=linux,ISA=x86-64,ISA=x86-64-v2,gpu=yes,disk=fast,disk=large'

test('EX-09, PL-02, PL-03, PL-04: actions run where what they ask for is offered, and are refused with words otherwise', async (t) => {
  const client = t.connect(await t.ownServer({ 'execution.platform': OFFERED }))
  for (const runs of [
    [],
    [['OSFamily', 'linux']],
    [['OSFamily', 'Linux']],
    [
      ['ISA', 'x86-64'],
      ['ISA', 'x86-64-v2'],
      ['OSFamily', 'linux'],
    ],
    [
      ['disk', 'fast'],
      ['disk', 'large'],
    ],
    [['gpu', 'yes']],
  ] as const) {
    isCode(await ending(client, asking(t, runs)), 'OK', JSON.stringify(runs))
  }
  for (const refused of [
    [['OSFamily', 'windows']],
    [
      ['ISA', 'x86-64'],
      ['ISA', 'arm-a64'],
    ],
    [
      ['disk', 'fast'],
      ['disk', 'none'],
    ],
    [['gpu', 'no']],
  ] as const) {
    const { code, message } = await ending(client, asking(t, refused))
    assert.is(code, 'FAILED_PRECONDITION', JSON.stringify(refused))
    const wanted = refused.at(-1)?.[0] ?? ''
    assert.ok(message.includes(wanted), `"${message}" names ${wanted}`)
  }
  const twice = asking(t, [
    ['OSFamily', 'linux'],
    ['OSFamily', 'windows'],
  ])
  isCode(await ending(client, twice), ['FAILED_PRECONDITION', 'INVALID_ARGUMENT'], 'two systems at once')
})

test('EX-09: an action for a system that nobody offers is refused, and told why', async (t) => {
  const client = await t.spareClient({ 'execution.platform_policy': 'standard' })
  const { code, message } = await ending(client, asking(t, [['OSFamily', 'no-such-system']]))
  isCode({ code, message, status: undefined }, 'FAILED_PRECONDITION')
  assert.ok(message.length > 0)
})

test('AN-06, PL-05: the platform of the Action counts, that of the Command where there is none; in whatever order', async (t) => {
  const client = t.connect(await t.ownServer({ 'execution.platform': OFFERED }))
  const [good, bad] = [[['gpu', 'yes']], [['gpu', 'no']]] as const
  isCode(await ending(client, asking(t, good, bad)), 'OK', 'good in the Action')
  isCode(await ending(client, asking(t, bad, good)), 'FAILED_PRECONDITION', 'bad in the Action')
  isCode(await ending(client, asking(t, undefined, good)), 'OK', 'good in the Command')
  isCode(await ending(client, asking(t, undefined, bad)), 'FAILED_PRECONDITION', 'bad in the Command')
  isCode(
    await ending(
      client,
      asking(t, [
        ['gpu', 'yes'],
        ['disk', 'large'],
        ['disk', 'fast'],
      ]),
    ),
    'OK',
    'unsorted',
  )
})

test(
  'PL-01: properties of other services are ignored, and unknown ones refused',
  async (t) => {
    const client = t.connect(await t.ownServer({ 'execution.platform_policy': 'standard' }))
    isCode(await ending(client, asking(t, [['container-image', 'docker://x']])), 'OK', 'of another service')
    isCode(await ending(client, asking(t, [['no-such-property', 'x']])), 'FAILED_PRECONDITION', 'unknown')
  },
  { level: 'D' },
)

test(
  'PL-01: what becomes of both can be set',
  async (t) => {
    const [foreign, unknown] = [asking(t, [['container-image', 'docker://x']]), asking(t, [['no-such-property', 'x']])]
    const lenient = t.connect(await t.ownServer({ 'execution.platform_policy': 'lenient' }))
    for (const action of [foreign, unknown]) isCode(await ending(lenient, action), 'OK', 'lenient')
    const strict = t.connect(await t.ownServer({ 'execution.platform_policy': 'strict' }))
    for (const action of [foreign, unknown]) isCode(await ending(strict, action), 'FAILED_PRECONDITION', 'strict')
  },
  { level: 'D' },
)

test(
  'PL-05: properties that are not sorted are taken, or refused as the client’s fault',
  async (t) => {
    const { code } = await ending(
      t.client,
      asking(t, [
        ['container-image', 'docker://x'],
        ['Pool', 'default'],
      ]),
    )
    assert.ok(['OK', 'INVALID_ARGUMENT', 'FAILED_PRECONDITION'].includes(code), code)
  },
  { level: 'D' },
)
