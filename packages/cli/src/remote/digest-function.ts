import type { DigestFunctionName } from '@gorego/core'
import type { Arguments, Flag } from '../command.js'
import { UsageError } from '../usage-error.js'

export const DIGEST_FUNCTION_FLAG: Flag = {
  type: 'string',
  requiresArg: true,
  describe: 'What everything is hashed with: sha256, blake3, sha384, sha512, sha1 or md5',
  defaultDescription: 'sha256',
}

/** The function that --digest-function names. */
export async function digestFunction(args: Arguments, seeAlso: string): Promise<DigestFunctionName> {
  const { digestFunctionNamed, digestFunctions } = await import('@gorego/core')
  const given = args.text('digest-function') ?? 'sha256'
  const fn = digestFunctionNamed(given)
  if (fn !== undefined) return fn.name
  const names = digestFunctions.map(({ name }) => name)
  throw new UsageError(
    `--digest-function: got ${JSON.stringify(given)}, want ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
    seeAlso,
  )
}
