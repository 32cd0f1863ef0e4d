/**
 * The web page and the OpenAPI document: a few files, read when the server starts and kept in memory, compressed once.
 *
 * Paths that no file has are the page's own (`/incidents/4f0c…`): a browser that goes there gets the page, which knows what to show.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { bodyEncodings, encode, type Answers, type BodyEncoding } from './answers.js'
import { acceptable, encodingFor } from './negotiate.js'
import { HttpError } from './problem.js'
import { notAllowed } from './routes.js'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.txt': 'text/plain; charset=utf-8', '.webmanifest': 'application/manifest+json'
}
const packed = new Set(['.html', '.js', '.css', '.json', '.svg', '.txt', '.webmanifest'])
/** esbuild's `[name]-[hash]`: what has a hash in its name never changes. */
const hashed = /-[A-Z0-9]{8}\.\w+$/
const year = 'public, max-age=31536000, immutable'
export const fileMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

interface File { readonly type: string, readonly etag: string, readonly cache: string, readonly plain: Buffer, readonly encoded: ReadonlyMap<BodyEncoding, Buffer> }

export class Files {
  readonly #files = new Map<string, File>()

  constructor (readonly answers: Answers) {}

  /** Reads all files below `directory`; none when it does not exist. */
  async addPage (directory: string): Promise<void> {
    if (!existsSync(directory)) return
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || types[extname(entry.name)] === undefined) continue
      const path = join(entry.parentPath, entry.name)
      await this.add(`/${relative(directory, path).split(sep).join('/')}`, path)
    }
  }

  async add (urlPath: string, path: string): Promise<void> {
    const plain = readFileSync(path)
    const encoded = new Map<BodyEncoding, Buffer>()
    if (packed.has(extname(path))) for (const encoding of bodyEncodings) encoded.set(encoding, await encode(encoding, plain, true))
    this.#files.set(urlPath, {
      type: types[extname(path)] as string, etag: createHash('sha256').update(plain).digest('base64url').slice(0, 22), plain, encoded, cache: hashed.test(urlPath) ? year : 'no-cache'
    })
  }

  /** Throws HttpError 404, 405. */
  serve (request: IncomingMessage, response: ServerResponse, path: string): void {
    const { method = '' } = request
    if (method !== 'GET' && method !== 'HEAD') throw notAllowed(method, path, fileMethods)
    const file = this.#files.get(path === '/' ? '/index.html' : path) ?? this.#page(request)
    if (file === undefined) throw new HttpError(404, 'NOT_FOUND', path === '/' ? 'this server has no web page; /openapi.json lists what it has' : `there is no file ${path.slice(0, 200)}; the API begins with /v1/`)
    this.#send(request, response, file)
  }

  /** Only for a browser that goes there: a script that is not found must not be a page. */
  #page (request: IncomingMessage): File | undefined {
    const { accept } = request.headers
    return accept !== undefined && /\btext\/html\b/i.test(accept) && acceptable(accept, ['text/html']) !== undefined ? this.#files.get('/index.html') : undefined
  }

  #send (request: IncomingMessage, response: ServerResponse, file: File): void {
    const encoding = file.encoded.size === 0 ? undefined : encodingFor(request.headers['accept-encoding'] as string | undefined, bodyEncodings)
    const etag = encoding === undefined ? `"${file.etag}"` : `"${file.etag}-${encoding}"`
    const headers = { etag, 'cache-control': file.cache, vary: 'Accept-Encoding' }
    if (isKnown(request.headers['if-none-match'], etag)) { this.answers.send(request, response, { status: 304, headers, body: '' }); return }
    const body = encoding === undefined ? file.plain : file.encoded.get(encoding) as Buffer
    this.answers.send(request, response, { status: 200, headers: { ...headers, 'content-type': file.type, ...encoding === undefined ? {} : { 'content-encoding': encoding } }, body })
  }
}

function isKnown (header: string | undefined, etag: string): boolean {
  return header !== undefined && (header.trim() === '*' || header.split(',').some(one => one.trim().replace(/^W\//, '') === etag))
}
