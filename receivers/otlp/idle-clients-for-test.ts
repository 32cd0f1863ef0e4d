/** A process of idle clients, so that the test's own memory is the server's: `node … <http port> <grpc port> <each>`. */
import { once } from 'node:events'
import net from 'node:net'
import { connect } from './raw-call-for-test.js'

const [httpPort = 0, grpcPort = 0, each = 0] = process.argv.slice(2).map(Number)
let failed = 0
for (let opened = 0; opened < each; opened += 25) {
  await Promise.all(Array.from({ length: 25 }, async () => {
    const socket = net.connect(httpPort, '127.0.0.1').on('error', () => {}).resume()
    await Promise.all([once(socket, 'connect').catch(() => { failed++ }), once(connect(grpcPort), 'remoteSettings').catch(() => { failed++ })])
  }))
}
process.send?.({ failed })
process.on('disconnect', () => process.kill(process.pid))
