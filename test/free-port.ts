/** A port of loopback for a server that is ended and started again: nobody else gets it meanwhile. */
import { createServer } from 'node:net'

/** Below the range from which the system gives ports to clients: it must be free again after each kill. */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const free = await new Promise<boolean>(resolve => {
      const probe = createServer().once('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}
