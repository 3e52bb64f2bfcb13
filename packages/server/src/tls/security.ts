import type { Logger } from '@gorego/core'
import { Access } from '../auth/access.js'
import type { Config } from '../config/config.js'
import { Tls } from './tls.js'

/** What a process needs to serve those only whom it should; each is absent where it is not configured. */
export interface Security extends Disposable {
  readonly tls: Tls | undefined
  readonly access: Access | undefined
}

/** Throws where one of the files cannot be used. */
export async function openSecurity(config: Config, logger: Logger): Promise<Security> {
  const tls = await Tls.open(config.tls, logger)
  try {
    const access = await Access.open(config, logger)
    return {
      tls,
      access,
      [Symbol.dispose]() {
        access?.[Symbol.dispose]()
        tls?.[Symbol.dispose]()
      },
    }
  } catch (error) {
    tls?.[Symbol.dispose]()
    throw error
  }
}
