/** The connections of a server, also those that have not begun to speak TLS: neither `closeAllConnections` nor HTTP/2 sessions know them. */
import type { Server, Socket } from 'node:net'

export class OpenSockets {
  readonly #open = new Set<Socket>()

  constructor (server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket)
      socket.once('close', () => { this.#open.delete(socket) })
    })
  }

  destroy (): void { for (const socket of this.#open) socket.destroy() }
}
