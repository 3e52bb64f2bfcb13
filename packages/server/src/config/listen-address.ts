/** Where a server listens: a host and port (port 0 takes a free one), or the path of a Unix socket. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Reads `host:port`, `[::1]:port`, `unix:/path` (also written `unix:///path`). Undefined for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const path = /^unix:(?:\/\/(?=\/))?([^\0]+)$/.exec(text)?.[1]
  if (path !== undefined) return { kind: 'unix', path }
  const [, inBrackets, name, digits] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = inBrackets ?? name
  const port = Number(digits)
  return host === undefined || port > 65_535 ? undefined : { kind: 'tcp', host, port }
}

/** Whether the host is one that other machines can reach: anything but the loopback interface. */
export function isReachableFromOutside(address: ListenAddress): boolean {
  return address.kind === 'tcp' && !/^(localhost|127\.[0-9.]+|::1)$/i.test(address.host)
}
