/**
 * `journalctl` as a child: the journal's format belongs to systemd, and its own reader is the one that can read it, whatever
 * the version. Its output is read only as fast as it is taken: a pipeline that is full stops journalctl through its pipe.
 */
import { spawn } from 'node:child_process'
import type { SystemdConfig } from './config.js'

/** `from`: the first entry is that of the cursor, unless it is gone: then the next there is. */
export type JournalStart = { readonly from: string } | { readonly at: 'beginning' }

type Source = Pick<SystemdConfig['journal'], 'command' | 'directory'>

/** Why the child ended, in one line. */
export interface JournalEnd { readonly missing: boolean, readonly reason: string }

const common = (source: Source): string[] => ['--output=json', '--all', '--quiet', '--no-pager', ...(source.directory === '' ? [] : [`--directory=${source.directory}`])]

export function followArguments (source: Source, start: JournalStart): string[] {
  return [...common(source), '--follow', '--no-tail', ...('from' in start ? [`--cursor=${start.from}`] : [])]
}

export interface JournalReader {
  /** The program runs. */
  started?(): void
  /** One chunk of its output at a time. */
  take(chunk: Buffer): Promise<void>
}

/** Runs until `signal` aborts or journalctl ends. */
export function follow (source: Source, start: JournalStart, signal: AbortSignal, reader: JournalReader): Promise<JournalEnd> {
  return run(source.command, followArguments(source, start), signal, reader)
}

/** The last entry's line; '' when there is none. */
export async function lastEntry (source: Source, signal: AbortSignal, maxBytes: number): Promise<{ readonly line: string, readonly end: JournalEnd }> {
  const chunks: Buffer[] = []
  let bytes = 0
  const end = await run(source.command, [...common(source), '--lines=1', '--output-fields=MESSAGE_ID'], signal, {
    async take (chunk) {
      bytes += chunk.length
      if (bytes <= maxBytes) chunks.push(chunk)
    }
  })
  return { line: Buffer.concat(chunks).toString().trim(), end }
}

const keptErrorText = 1024

async function run (command: string, args: readonly string[], signal: AbortSignal, reader: JournalReader): Promise<JournalEnd> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C', SYSTEMD_COLORS: '0' } })
  let said = ''
  let failed: NodeJS.ErrnoException | undefined
  child.on('spawn', () => { reader.started?.() })
  child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-keptErrorText) })
  const closed = new Promise<number | NodeJS.Signals | null>(resolve => {
    child.on('error', error => { failed = error })
    child.on('close', (code, killedBy) => { resolve(code ?? killedBy) })
  })
  // A child that ignores SIGTERM would hold up the stop; it has nothing to save.
  const end = (): void => { child.kill('SIGKILL') }
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  try {
    for await (const chunk of child.stdout) await reader.take(chunk as Buffer)
  } catch (error) {
    end()
    // A program that cannot be started has no output to read.
    if (failed === undefined) throw error
  } finally {
    // Its output ends before it does: how it ends is still to be told.
    await closed
    signal.removeEventListener('abort', end)
  }
  const how = await closed
  if (failed !== undefined) return { missing: failed.code === 'ENOENT' || failed.code === 'EACCES', reason: failed.message }
  return { missing: false, reason: said.trim().split('\n').at(-1) || (how === 0 ? '' : `ended with ${how}`) }
}
