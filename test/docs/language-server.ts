/** The YAML language server as an editor runs it: a process that speaks LSP on its standard streams. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const main = join(dirname(createRequire(import.meta.url).resolve('yaml-language-server/package.json')), 'bin', 'yaml-language-server')

export interface Problem { readonly line: number, readonly message: string }
export interface Completion { readonly label: string, readonly documentation: string }

interface Message { readonly id?: number, readonly method?: string, readonly params?: unknown, readonly result?: unknown }
interface Diagnostics { readonly uri: string, readonly diagnostics: readonly { readonly range: { readonly start: { readonly line: number } }, readonly message: string }[] }

/** Marks the place in a text that a question is about. */
const cursor = '@'

export class LanguageServer {
  readonly #process: ChildProcess
  readonly #answers = new Map<number, (result: unknown) => void>()
  readonly #problems = new Map<string, (problems: readonly Problem[]) => void>()
  #received = Buffer.alloc(0)
  #asked = 0
  #opened = 0

  /** `folder`: where the documents are, and the schema they name. */
  constructor (readonly folder: string, readonly schema: string) {
    this.#process = spawn(process.execPath, [main, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#process.stdout?.on('data', (bytes: Buffer) => { this.#read(bytes) })
  }

  async start (): Promise<void> {
    const documentation = { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } }
    await this.#ask('initialize', { processId: process.pid, rootUri: pathToFileURL(this.folder).href, capabilities: { textDocument: { completion: documentation, hover: { contentFormat: ['markdown'] } }, workspace: { configuration: true } } })
    this.#send({ method: 'initialized', params: {} })
  }

  async problems (text: string): Promise<readonly Problem[]> {
    return await new Promise(resolve => this.#open(text, resolve))
  }

  /** What is offered at the cursor (`@`). */
  async completions (text: string): Promise<readonly Completion[]> {
    const items = await this.#at('textDocument/completion', text) as { readonly items: readonly { readonly label: string, readonly documentation?: string | { readonly value: string } }[] }
    return items.items.map(({ label, documentation = '' }) => ({ label, documentation: typeof documentation === 'string' ? documentation : documentation.value }))
  }

  async hover (text: string): Promise<string> {
    const hover = await this.#at('textDocument/hover', text) as { readonly contents: { readonly value: string } } | null
    return hover?.contents.value ?? ''
  }

  async stop (): Promise<void> {
    const ended = new Promise(resolve => this.#process.once('exit', resolve))
    this.#process.kill()
    await ended
  }

  async #at (method: string, text: string): Promise<unknown> {
    const before = text.slice(0, text.indexOf(cursor)).split('\n')
    const uri = this.#open(text.replace(cursor, ''), () => undefined)
    // The first line names the schema.
    return await this.#ask(method, { textDocument: { uri }, position: { line: before.length, character: before.at(-1)?.length ?? 0 } })
  }

  #open (text: string, onProblems: (problems: readonly Problem[]) => void): string {
    const uri = pathToFileURL(join(this.folder, `${this.#opened++}.yaml`)).href
    this.#problems.set(uri, onProblems)
    this.#send({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'yaml', version: 1, text: `# yaml-language-server: $schema=${this.schema}\n${text}` } } })
    return uri
  }

  #ask (method: string, params: unknown): Promise<unknown> {
    const id = ++this.#asked
    return new Promise(resolve => {
      this.#answers.set(id, resolve)
      this.#send({ id, method, params })
    })
  }

  #send (message: Message): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#process.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }

  #read (bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    for (;;) {
      const head = this.#received.indexOf('\r\n\r\n')
      const length = Number(/Content-Length: (\d+)/.exec(this.#received.toString('latin1', 0, Math.max(head, 0)))?.[1] ?? NaN)
      if (head < 0 || !(this.#received.length >= head + 4 + length)) return
      const message = JSON.parse(this.#received.toString('utf8', head + 4, head + 4 + length)) as Message
      this.#received = this.#received.subarray(head + 4 + length)
      this.#take(message)
    }
  }

  #take ({ id, method, params, result }: Message): void {
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as Diagnostics
      this.#problems.get(uri)?.(diagnostics.map(({ range, message }) => ({ line: range.start.line, message })))
    } else if (method === 'workspace/configuration' && id !== undefined) {
      const { items } = params as { readonly items: readonly { readonly section?: string }[] }
      this.#send({ id, result: items.map(({ section }) => section === 'yaml' ? { validate: true, hover: true, completion: true } : null) })
    } else if (method !== undefined && id !== undefined) this.#send({ id, result: null })
    else if (id !== undefined) this.#answers.get(id)?.(result)
  }
}
