/**
 * In which header calls carry the name of who makes them from the gate to their handlers, whether grpc-js calls these or we do.
 * The gate sets it for every call, so what a client puts there is gone.
 */
export const CALLER_HEADER = 'gorego-caller'

/** The name that the gate gave a call; empty where there is no gate. */
export function callerIn(header: string | undefined): string {
  return header === undefined ? '' : decodeURIComponent(header)
}
