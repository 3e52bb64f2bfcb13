/**
 * In which header calls carry the name of who makes them from the gate to their handlers, whether grpc-js calls these or we do.
 * The gate sets it for every call, so what a client puts there is gone.
 */
export const CALLER_HEADER = 'gorego-caller'

/** In which header there is, in the same way, who limits take the client for; see clients/client-of.ts. */
export const CLIENT_HEADER = 'gorego-client'

/** What the gate put into such a header; empty where it put nothing. */
export function callerIn(header: string | undefined): string {
  try {
    return header === undefined ? '' : decodeURIComponent(header)
  } catch {
    // A client's own, where there is no gate to take it away: nobody goes by it.
    return ''
  }
}
