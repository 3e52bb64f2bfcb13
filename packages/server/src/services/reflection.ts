import { bidiStream } from '../wire/method.js'
import { reflectionAnswers } from './reflection-answers.js'
import type { Service } from './service.js'

const V1 = 'grpc.reflection.v1.ServerReflection'

/** What older tools ask for: another name for the same. It has no description of its own. */
const V1_ALPHA = 'grpc.reflection.v1alpha.ServerReflection'

/**
 * Describes services to tools such as grpcurl. Descriptors and messages are loaded by the first who asks: start-up and
 * memory are the same with and without. So requests are parsed by what is loaded then, not here.
 */
export function reflectionServices(described: readonly string[]): Service[] {
  const services = [...described, V1]
  const asBytes = (bytes: Uint8Array) => bytes
  return [V1, V1_ALPHA].map((name) => [
    bidiStream(`/${name}/ServerReflectionInfo`, asBytes, async function* (requests) {
      const answer = await reflectionAnswers(services)
      for await (const bytes of requests) yield answer(bytes)
    }),
  ])
}
