import { Any } from './messages.js'

const prefix = 'type.googleapis.com/'

/** Wraps a message whose full protobuf name is `typeName`, e.g. 'google.rpc.RetryInfo'. */
export function packAny(typeName: string, message: { serializeBinary(): Uint8Array }): Any {
  return new Any().setTypeUrl(prefix + typeName).setValue(message.serializeBinary())
}

/** The message inside, or undefined if it is not a `typeName`. Any prefix will do, as the specification of Any wants it. */
export function unpackAny<T>(
  any: Any,
  typeName: string,
  type: { deserializeBinary(bytes: Uint8Array): T },
): T | undefined {
  const url = any.getTypeUrl()
  if (url.slice(url.lastIndexOf('/') + 1) !== typeName) return undefined
  return type.deserializeBinary(any.getValue_asU8())
}
