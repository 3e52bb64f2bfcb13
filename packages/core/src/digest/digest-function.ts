/** The digest functions that gorego knows by name; spelled as in resource names. */
export type DigestFunctionName = 'sha256' | 'blake3' | 'sha384' | 'sha512' | 'sha1' | 'md5'

/** Takes bytes as they come; `digest()` may be called once. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** The lowercase hexadecimal hash of everything so far. */
  digest(): string
}

/** One of the functions of REAPI that name a blob by its content. */
export interface DigestFunction {
  readonly name: DigestFunctionName
  /** The number of `DigestFunction.Value` in REAPI. */
  readonly value: number
  /** Length of the hash in hexadecimal characters. */
  readonly hashLength: number
  /** True where resource names must spell the function out, because its hashes look like another's (DIG-05, RN-06). */
  readonly explicit: boolean
  /**
   * Gets ready what hashing takes. Throws `failed-precondition` where this process cannot compute the function: its
   * package is not installed, or Node's OpenSSL does without it (MD5 under FIPS).
   */
  prepare(): Promise<void>
  /** Works at any time once `prepare` has; SHA-256, which every Node has, needs none. */
  createHasher(): Hasher
  /** The lowercase hexadecimal hash of bytes in memory: for few of them a third of what a hasher costs. */
  hash(bytes: Uint8Array): string
}
