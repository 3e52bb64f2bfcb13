import { ANONYMOUS } from '../auth/permission.js'

const places = new WeakMap<object, string>()
let unixConnections = 0

/**
 * Who limits take somebody for: the name that it has shown, or where it has none the address that it calls from. Behind a Unix
 * socket there are no addresses: there it is each connection. The same in all processes of a server. `addressOf` is asked once.
 */
export function clientOf(name: string, connection: object, addressOf: () => string | undefined): string {
  if (name !== ANONYMOUS) return `name ${name}`
  let place = places.get(connection)
  if (place === undefined) {
    const address = addressOf()
    place = address === undefined ? `connection ${process.pid}.${++unixConnections}` : `address ${address}`
    places.set(connection, place)
  }
  return place
}
