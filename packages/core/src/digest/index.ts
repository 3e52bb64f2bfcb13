export { Digest, emptyDigest, isEmptyBlob } from './digest.js'
export {
  type DigestFunction,
  type DigestFunctionName,
  digestFunctionNamed,
  digestFunctionOfLength,
  digestFunctionOfValue,
  digestFunctions,
  type Hasher,
  SHA256,
} from './digest-function.js'
export { DigestingCheck, digestMismatch } from './digesting.js'
