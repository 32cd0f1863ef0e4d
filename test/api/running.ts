/** A real `tapio` process that serves its API, for tests: started, asked, ended. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { create, type DescMethodServerStreaming, type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { methodDefinition } from '../../core/api/grpc/definition.js'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const main = join(root, 'dist', 'core', 'cli', 'main.js')

/** A line of its log. */
export interface LogLine { readonly level: string, readonly msg: string, readonly [field: string]: unknown }

export class RunningTapio {
  readonly log: LogLine[] = []
  readonly #client: Client
  readonly #exit: Promise<number>

  private constructor (readonly process: ChildProcess, readonly grpc: string, readonly http: string, exit: Promise<number>) {
    this.#client = new Client(grpc, credentials.createInsecure())
    this.#exit = exit
  }

  /** Resolves when it serves. Rejects with its log when it ends before. */
  static async start (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunningTapio> {
    const child = spawn(process.execPath, [main, ...args], { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
    const exit = once(child, 'exit').then(([code]) => Number(code ?? -1))
    const log: LogLine[] = []
    const lines = createInterface({ input: child.stderr })
    const addresses = await new Promise<LogLine>((resolve, reject) => {
      lines.on('line', line => {
        const entry = parse(line)
        log.push(entry)
        if (typeof entry['grpc'] === 'string') resolve(entry)
      })
      void exit.then(code => reject(new Error(`tapio ended with ${code} before it served:\n${log.map(l => JSON.stringify(l)).join('\n')}`)))
    })
    const running = new RunningTapio(child, addresses['grpc'] as string, addresses['http'] as string, exit)
    lines.removeAllListeners('line').on('line', line => { running.log.push(parse(line)) })
    running.log.push(...log)
    return running
  }

  ask<M extends DescMethodUnary> (method: M, request: MessageInitShape<M['input']>): Promise<MessageShape<M['output']>> {
    const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, create(method.input, request), new Metadata(), { deadline: Date.now() + 60_000 }, (error, answer) => {
        if (error === null) resolve(answer as MessageShape<M['output']>)
        else reject(error)
      })
    })
  }

  async * follow<M extends DescMethodServerStreaming> (method: M, request: MessageInitShape<M['input']>): AsyncGenerator<MessageShape<M['output']>> {
    const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
    const call = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, create(method.input, request), { deadline: Date.now() + 60_000 })
    call.on('error', () => undefined)
    try {
      for await (const message of call) yield message as MessageShape<M['output']>
    } finally { call.cancel() }
  }

  async rest (path: string, init: RequestInit = {}): Promise<{ readonly status: number, readonly body: unknown }> {
    const response = await fetch(`${this.http}${path}`, init)
    return { status: response.status, body: await response.json() }
  }

  /** Its exit code. */
  async stop (): Promise<number> {
    this.#client.close()
    this.process.kill('SIGTERM')
    return await this.#exit
  }
}

function parse (line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return { level: 'none', msg: line }
  }
}
