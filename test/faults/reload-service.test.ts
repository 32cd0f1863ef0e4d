/**
 * Scenario: a real Tapio whose API and metrics endpoint move by a reload, to free ports and to ports that somebody else has.
 * Guarantees: what moved answers at its new address and no longer at the old one; where the new address is taken the old one answers
 * again, the reload says so, and the next good one works.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freePort } from '../free-port.js'
import { eventually } from './delivery/scene.js'
import { Supervised } from './supervised.js'

interface Context { folder: string, tapio: Supervised | undefined, taken: Server }
const reload = suite<Context>('reload of the service')
reload.before.each(async context => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => taken.once('listening', resolve))
  Object.assign(context, { folder: mkdtempSync(join(tmpdir(), 'tapio-reload-')), tapio: undefined, taken })
})
reload.after.each(({ folder, tapio, taken }) => {
  tapio?.destroy()
  taken.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Ports { readonly metrics: number, readonly grpc: number, readonly http: number }

const at = (port: number): string => `127.0.0.1:${port}`

function write (file: string, { metrics, grpc, http }: Ports): void {
  writeFileSync(file, stringify({
    receivers: { otlp: { protocols: { http: { endpoint: at(0) } } } },
    exporters: { debug: {} },
    service: {
      telemetry: { logs: { format: 'json' }, metrics: { endpoint: at(metrics) } },
      api: { grpc: { endpoint: at(grpc) }, http: { endpoint: at(http) } },
      pipelines: { logs: { receivers: ['otlp'], exporters: ['debug'] } }
    }
  }))
}

/** 0: nobody answers there. A connection that stays open would be waited for when its server moves. */
const status = async (url: string): Promise<number> => fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) }).then(r => r.status, () => 0)
const metricsUrl = ({ metrics }: Ports): string => `http://${at(metrics)}/metrics`
const apiUrl = ({ http }: Ports): string => `http://${at(http)}/v1/health`

async function reloads (ports: Ports, result: string): Promise<number> {
  const text = await (await fetch(metricsUrl(ports), { headers: { connection: 'close' } })).text().catch(() => '')
  return Number(new RegExp(`^tapio_reload_total\\{result="${result}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

class Scene {
  constructor (readonly file: string, readonly ports: Ports, readonly tapio: Supervised) {}

  static async begin (context: Context): Promise<Scene> {
    const file = join(context.folder, 'tapio.yaml')
    const ports = { metrics: await freePort(), grpc: await freePort(), http: await freePort() }
    write(file, ports)
    const tapio = context.tapio = new Supervised('tapio', ['--config', file])
    await tapio.running
    assert.equal([await status(metricsUrl(ports)), await status(apiUrl(ports))], [200, 200])
    return new Scene(file, ports, tapio)
  }

  /** Asks for `ports`, and waits until the metrics at `seenAt` tell of the first reload that ended with `result`. */
  async moveTo (ports: Ports, result: string, seenAt: Ports): Promise<void> {
    write(this.file, ports)
    await this.tapio.signal('SIGHUP')
    await eventually(result, () => reloads(seenAt, result).catch(() => 0), n => n === 1)
  }

  async end (): Promise<void> {
    await this.tapio.terminate()
    await this.tapio.ended
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

reload('the API moves', async context => {
  const scene = await Scene.begin(context)
  const { ports } = scene
  const moved = { ...ports, grpc: await freePort(), http: await freePort() }
  await scene.moveTo(moved, 'applied', ports)
  assert.equal([await status(apiUrl(moved)), await status(apiUrl(ports))], [200, 0])
  await scene.end()
})

reload('the API is to move to a port that is taken: it answers where it did, and the next reload works', async context => {
  const scene = await Scene.begin(context)
  const { ports, tapio } = scene
  await scene.moveTo({ ...ports, http: portOf(context.taken) }, 'rolled_back', ports)
  assert.match(tapio.log, /the API could not be served: .*EADDRINUSE/)
  assert.is(await status(apiUrl(ports)), 200)
  const moved = { ...ports, http: await freePort() }
  await scene.moveTo(moved, 'applied', ports)
  assert.equal([await status(apiUrl(moved)), await status(apiUrl(ports))], [200, 0])
  await scene.end()
})

reload('the metrics move, and not to a port that is taken', async context => {
  const scene = await Scene.begin(context)
  const { ports, tapio } = scene
  await scene.moveTo({ ...ports, metrics: portOf(context.taken) }, 'rejected', ports)
  assert.match(tapio.log, /EADDRINUSE/)
  const moved = { ...ports, metrics: await freePort() }
  await scene.moveTo(moved, 'applied', moved)
  assert.is(await status(metricsUrl(ports)), 0)
  await scene.end()
})

reload.run()
