import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isReachableFromOutside, type ListenAddress, parseListenAddress } from './listen-address.js'

const tcp = (host: string, port: number): ListenAddress => ({ kind: 'tcp', host, port })

test('reads what it should and nothing else', () => {
  const cases: [string, ListenAddress | undefined][] = [
    ['127.0.0.1:50051', tcp('127.0.0.1', 50_051)],
    ['localhost:0', tcp('localhost', 0)],
    ['[::1]:80', tcp('::1', 80)],
    ['unix:/run/gorego.sock', { kind: 'unix', path: '/run/gorego.sock' }],
    ['unix:///run/gorego.sock', { kind: 'unix', path: '/run/gorego.sock' }],
    ['unix:gorego.sock', { kind: 'unix', path: 'gorego.sock' }],
    [':50051', undefined],
    ['50051', undefined],
    ['localhost', undefined],
    ['localhost:65536', undefined],
    ['localhost:', undefined],
    ['::1:80', undefined],
    ['grpc://127.0.0.1:80', undefined],
    ['unix:', undefined],
  ]
  for (const [text, address] of cases) assert.equal(parseListenAddress(text), address, text)
})

test('knows what other machines can reach', () => {
  const reachable = ['0.0.0.0:1', '[::]:1', 'build.example:1', '10.1.2.3:1'].map(isReachable)
  assert.equal(reachable, [true, true, true, true])
  const local = ['127.0.0.1:1', '127.1.2.3:1', 'localhost:1', '[::1]:1', 'unix:/x'].map(isReachable)
  assert.equal(local, [false, false, false, false, false])
})

function isReachable(text: string): boolean {
  const address = parseListenAddress(text)
  assert.ok(address, text)
  return isReachableFromOutside(address as ListenAddress)
}

test.run()
