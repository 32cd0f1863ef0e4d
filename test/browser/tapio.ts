/** The built program as a process of its own, and what it says about itself. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

/** Machines that also build and test take their time. */
const startMs = 90_000

interface LogLine { readonly msg?: string, readonly http?: string }

export class Tapio implements AsyncDisposable {
  #log = ''

  private constructor (readonly process: ChildProcess, readonly folder: string) {}

  /** `config`: YAML, where `{folder}` is a folder of this process alone. Resolves when it says `until`. */
  static async start (config: string, until: string): Promise<{ readonly tapio: Tapio, readonly line: LogLine }> {
    const folder = mkdtempSync(join(tmpdir(), 'tapio-browser-'))
    writeFileSync(join(folder, 'tapio.yaml'), config.replaceAll('{folder}', folder).replaceAll('{root}', root))
    const child = spawn(process.execPath, [join(root, 'dist', 'core', 'cli', 'main.js'), '--config', join(folder, 'tapio.yaml')], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    const tapio = new Tapio(child, folder)
    try {
      return { tapio, line: await tapio.#said(until) }
    } catch (error) {
      await tapio.stop()
      throw error
    }
  }

  #said (until: string): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`tapio did not say "${until}" within ${startMs / 1000} s:\n${this.#log}`)) }, startMs)
      const read = (line: string): void => {
        this.#log += `${line}\n`
        if (!line.includes(`"msg":"${until}"`)) return
        clearTimeout(timer)
        resolve(JSON.parse(line) as LogLine)
      }
      for (const stream of [this.process.stdout, this.process.stderr]) if (stream !== null) createInterface({ input: stream }).on('line', read)
      this.process.once('exit', code => { clearTimeout(timer); reject(new Error(`tapio ended with ${code ?? 'a signal'}:\n${this.#log}`)) })
    })
  }

  /** What it wrote so far. */
  get log (): string { return this.#log }

  async stop (): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise<void>(resolve => { this.process.once('exit', () => { resolve() }) })
      this.process.kill('SIGTERM')
      const timer = setTimeout(() => { this.process.kill('SIGKILL') }, 15_000)
      await ended
      clearTimeout(timer)
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose] (): Promise<void> { await this.stop() }
}

const service = `
processors:
  context: {node: node-7}
  k8s_correlation:
  temporal_correlation:
  impact: {slos: [{service: shop/nginx, availability: 0.999}]}
  incident:
exporters:
  store: {directory: "{folder}/store", keep: all}
service:
  mode: standard
  telemetry: {metrics: {endpoint: 127.0.0.1:0}}
  api: {grpc: {endpoint: 127.0.0.1:0}, http: {endpoint: 127.0.0.1:0}, rate_limit: {requests_per_second: 1000, burst: 2000}}
  pipelines:
    main: {receivers: [tapio, api], processors: [context, k8s_correlation, temporal_correlation, impact, incident], exporters: [store]}
`

/** A Tapio with a page that waits for what others send it. */
export async function startServer (): Promise<{ readonly tapio: Tapio, readonly url: string, readonly socket: string }> {
  const { tapio, line } = await Tapio.start(`receivers:\n  tapio: {endpoint: "unix://{folder}/wire.sock"}\n  api:\n${service}`, 'tapio is running')
  if (line.http === undefined) throw new Error(`tapio serves no page:\n${tapio.log}`)
  return { tapio, url: line.http, socket: join(tapio.folder, 'wire.sock') }
}

/** Another one that sends it the demo incident, as if it happened now. */
export async function sendDemo (socket: string): Promise<Tapio> {
  const config = `
receivers:
  file: {paths: ["{root}/configs/demo/incident/incident.jsonl.gz"], timing: scaled, speed: 10, batch_rows: 64, rewrite_times: now}
exporters:
  tapio: {endpoint: "unix://${socket}", collector_id: node-7}
service:
  telemetry: {metrics: {endpoint: 127.0.0.1:0}}
  pipelines:
    main: {receivers: [file], exporters: [tapio]}
`
  const { tapio } = await Tapio.start(config, 'tapio is running')
  return tapio
}
