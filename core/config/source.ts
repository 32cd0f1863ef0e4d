/** Where configuration text comes from: files, environment variables, text on the command line. All reads are bounded. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { LineCounter } from 'yaml'
import type { FaultCode } from './fault-codes.js'
import type { FaultList } from './faults.js'
import type { Span } from './tree.js'

/** A configuration is written by people; 4 MiB are some 100 000 lines, and parsing them takes seconds. */
export const maxSourceBytes = 4 * 1024 * 1024

export type Environment = Readonly<Record<string, string | undefined>>

/** One text with what is needed to point into it. */
export class SourceText {
  readonly lines = new LineCounter()
  /** @param folder what `${file:…}` in it is relative to */
  constructor (readonly name: string, readonly text: string, readonly folder: string) {
    this.lines.addNewLine(0)
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.lines.addNewLine(at + 1)
  }

  renamed (name: string): SourceText { return new SourceText(name, this.text, this.folder) }

  span (start: number, end: number): Span {
    const { line, col } = this.lines.linePos(start)
    return { source: this.name, line: Math.max(1, line), column: Math.max(1, col), offset: start, length: Math.max(0, end - start) }
  }

  /** Start and end offset of the line that holds `offset`, without its line break. */
  lineBounds (offset: number): readonly [number, number] {
    const start = offset === 0 ? 0 : this.text.lastIndexOf('\n', offset - 1) + 1
    const end = this.text.indexOf('\n', offset)
    const stop = end < 0 ? this.text.length : end
    return [start, stop > start && this.text[stop - 1] === '\r' ? stop - 1 : stop]
  }
}

export interface ReadFailure { readonly code: FaultCode; readonly reason: string }

/** The whole file as text, or why not. Reads at most `maxBytes`, whatever the file is (a pipe, a device). */
export function readText (path: string, maxBytes: number): string | ReadFailure {
  try {
    const bytes = readBounded(path, maxBytes + 1)
    if (bytes.length > maxBytes) return { code: 'CFG002', reason: `it is larger than ${maxBytes} bytes` }
    return decode(bytes)
  } catch (error) {
    return { code: 'CFG001', reason: ioReason(error) }
  }
}

function readBounded (path: string, limit: number): Buffer {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    return readOpen(file, limit)
  } finally {
    closeSync(file)
  }
}

/** At most `limit` bytes from where the open file stands. */
export function readOpen (file: number, limit: number): Buffer {
  const chunks: Buffer[] = []
  for (let total = 0; total < limit;) {
    const chunk = Buffer.allocUnsafe(Math.min(65_536, limit - total))
    const got = readSync(file, chunk)
    if (got === 0) break
    chunks.push(chunk.subarray(0, got))
    total += got
  }
  return Buffer.concat(chunks)
}

/** UTF-8 with or without a byte order mark (which `TextDecoder` drops). */
export function decode (bytes: Uint8Array): string | ReadFailure {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { code: 'CFG003', reason: 'it is UTF-16: save it as UTF-8' }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { code: 'CFG003', reason: 'it holds bytes that are not UTF-8' }
  }
}

const ioReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'the path is too long'
}

/** Error texts of Node hold the path and the system call; the code is enough. */
function ioReason (error: unknown): string {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' ? ioReasons[code] ?? code : 'it cannot be read'
}

/**
 * Opens one `--config` argument: a path, `file:path`, `env:VARIABLE` or `yaml:text` (where `a::b: c` is short for nested
 * maps). Undefined when it cannot be read, which is then a fault. A file is added to `files`, whether it could be read or not.
 */
export function openSource (argument: string, cwd: string, env: Environment, faults: FaultList, files: Set<string>, texts?: Map<string, string | ReadFailure>): SourceText | undefined {
  if (argument.startsWith('yaml:')) return new SourceText('yaml:', argument.slice('yaml:'.length), cwd)
  if (argument.startsWith('env:')) return openVariable(argument, cwd, env, faults)
  const path = argument.startsWith('file:') ? argument.slice('file:'.length) : argument
  const full = resolve(cwd, path)
  files.add(full)
  const text = texts?.get(full) ?? readText(full, maxSourceBytes)
  texts?.set(full, text)
  if (typeof text === 'string') return new SourceText(path, text, dirname(full))
  const hint = /^[a-z]{2,}:/.test(path) ? { help: 'a source is a path, file:path, env:VARIABLE or yaml:text' } : {}
  faults.error(text.code, wholeSource(path), [], `cannot read the configuration file: ${text.reason}`, hint)
  return undefined
}

function openVariable (argument: string, cwd: string, env: Environment, faults: FaultList): SourceText | undefined {
  const name = argument.slice('env:'.length)
  const text = env[name]
  if (text === undefined) {
    faults.error('CFG001', wholeSource(argument), [], `cannot read the configuration: the environment variable \`${name}\` is not set`)
    return undefined
  }
  if (text.length > maxSourceBytes) {
    faults.error('CFG002', wholeSource(argument), [], `cannot read the configuration: it is larger than ${maxSourceBytes} bytes`)
    return undefined
  }
  return new SourceText(argument, text, cwd)
}

const wholeSource = (source: string): Span => ({ source, line: 1, column: 1, offset: 0, length: 0 })
