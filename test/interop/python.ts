/** The Python SDK before Tapio, and a backend on the official opentelemetry-proto package behind it. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cacheFolder } from '../peers/go-collector.js'
import { arrivedAt, corpus, send, tapioLink, tapioWires, withAll, type Ports } from './chain.js'
import type { Peer, Scenario } from './main.js'
import { compare, countRecords, type Requests } from './outcome.js'
import type { RecordSignal } from './canonical.js'
import { Recorder } from './recorder.js'
import { compareSchema, type OfficialSchema } from './schema.js'

const run = promisify(execFile)
const scripts = fileURLToPath(new URL('../../../test/interop/python/', import.meta.url))

/** The interpreter of a virtual environment with the packages, outside the repository; made at first use. */
async function interpreter (): Promise<string | { readonly skip: string }> {
  const folder = join(cacheFolder(), 'python-1')
  const python = join(folder, 'bin', 'python')
  const ready = await run(python, ['-c', 'import opentelemetry.sdk, opentelemetry.proto, grpc']).then(() => existsSync(python), () => false)
  if (ready) return python
  try {
    await run('python3', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', join(scripts, 'requirements.txt')], { timeout: 5 * 60_000 })
    return python
  } catch (error) {
    return { skip: `the Python peer could not be set up: ${String((error as { stderr?: string }).stderr ?? error).trim().split('\n').at(-1)}` }
  }
}

export async function pythonScenarios (): Promise<Peer> {
  const python = await interpreter()
  if (typeof python !== 'string') return python
  const script = 'import importlib.metadata as m, platform; print("Python", platform.python_version(), *("%s %s" % (n, m.version(n)) for n in ("opentelemetry-sdk", "opentelemetry-proto", "grpcio", "protobuf")), sep=", ")'
  const { stdout } = await run(python, ['-c', script])
  return { versions: stdout.trim(), scenarios: [schema(python), ...before(python), ...behind(python)] }
}

function schema (python: string): Scenario {
  return {
    name: 'the schema table and the descriptors of opentelemetry-proto',
    run: async () => compareSchema(JSON.parse((await run(python, [join(scripts, 'schema.py')])).stdout) as OfficialSchema)
  }
}

/** The SDK exports the same data to Tapio and straight to a second recorder. */
function before (python: string): Scenario[] {
  return ['grpc', 'http'].flatMap(wire => ['none', 'gzip'].map(compression => ({
    name: `Python SDK -> ${wire}, ${compression} -> tapio -> gRPC`,
    run: () => withAll(async keep => {
      const [behindTapio, direct] = [keep(await Recorder.start()), keep(await Recorder.start())]
      const tapio = keep(await tapioLink({ grpc: behindTapio.grpcPort, http: behindTapio.httpPort }, 'grpc', 'none'))
      const port = (of: Ports): string => `127.0.0.1:${wire === 'grpc' ? of.grpc : of.http}`
      await run(python, [join(scripts, 'send.py'), wire, compression, port({ grpc: direct.grpcPort, http: direct.httpPort }), port(tapio)])
      const sent = await arrivedAt(direct, 1)
      return compare(sent, await arrivedAt(behindTapio, countRecords(sent)))
    })
  })))
}

function behind (python: string): Scenario[] {
  const sent = corpus(7)
  return tapioWires.flatMap(wire => (['none', 'gzip'] as const).map(compression => ({
    name: `tapio -> ${wire}, ${compression} -> Python`,
    run: () => withAll(async keep => {
      const backend = keep(await PythonBackend.start(python))
      const tapio = keep(await tapioLink(backend.ports, wire, compression))
      await send(tapio.http, sent)
      return compare(sent, await backend.received(countRecords(sent)))
    })
  })))
}

class PythonBackend {
  readonly #requests: Record<RecordSignal, Uint8Array[]> = { traces: [], metrics: [], logs: [] }
  #said = ''

  private constructor (readonly ports: Ports, readonly process: ReturnType<typeof spawn>) {}

  static async start (python: string): Promise<PythonBackend> {
    const child = spawn(python, [join(scripts, 'receive.py')], { stdio: ['pipe', 'pipe', 'pipe'] })
    const lines = createInterface(child.stdout)
    const [first] = await once(lines, 'line') as [string]
    const [, grpc, http] = first.split(' ')
    const backend = new PythonBackend({ grpc: Number(grpc), http: Number(http) }, child)
    child.stderr.on('data', (text: Buffer) => { backend.#said += text.toString() })
    lines.on('line', line => {
      const [signal, base64] = line.split(' ') as [RecordSignal, string]
      backend.#requests[signal].push(Buffer.from(base64 ?? '', 'base64'))
    })
    return backend
  }

  async received (records: number): Promise<Requests> {
    const endMs = performance.now() + 10_000
    while (countRecords(this.#requests) < records && performance.now() < endMs) await new Promise(resolve => setTimeout(resolve, 50))
    if (this.#said !== '') throw new Error(this.#said.slice(-800))
    return this.#requests
  }

  async stop (): Promise<void> {
    const ended = once(this.process, 'exit')
    this.process.stdin?.end()
    await ended
  }
}
