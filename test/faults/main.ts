/**
 * `npm run test:faults`: every fault test in its long form, one after the other, and a table of what became of every record at the end.
 *
 *   --short    the forms that `npm test` runs
 *   --peers    the same faults on the Go collector beside Tapio instead (peers/)
 *   WORDS      only files whose path contains one of them
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { comparePeers } from './peers/main.js'

const here = dirname(fileURLToPath(import.meta.url))
const args = process.argv.slice(2)
const words = args.filter(a => !a.startsWith('--'))
const long = !args.includes('--short')

interface Ran { readonly file: string, readonly failed: boolean, readonly seconds: number, readonly reports: readonly string[] }

async function runFile (file: string): Promise<Ran> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, ['--enable-source-maps', join(here, file)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...(long && { TAPIO_TEST_LONG: '1' }) } })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString(); process.stdout.write(chunk) })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  const reports = output.split('\n').filter(l => /^(REPORT|SKIP) /.test(l)).map(l => l.replace(/^REPORT /, ''))
  return { file: file.replace(/\.js$/, '.ts'), failed: code !== 0, seconds: (performance.now() - startedMs) / 1000, reports }
}

if (args.includes('--peers')) await comparePeers(words)
else {
  const files = readdirSync(here, { recursive: true }).map(String).filter(f => f.endsWith('.test.js') && (words.length === 0 || words.some(w => f.includes(w)))).sort()
  const ran: Ran[] = []
  for (const file of files) ran.push(await runFile(file))
  const table = new Table({ head: ['', 's', 'file', 'what became of every record'], style: { head: [], border: [] }, wordWrap: true, colWidths: [6, 7, 34, 110] })
  for (const { file, failed, seconds, reports } of ran) table.push([failed ? 'FAIL' : 'ok', seconds.toFixed(0), file, reports.join('\n')])
  console.log(`\n${table.toString()}\n${ran.filter(r => !r.failed).length} of ${ran.length} files passed, ${long ? 'long' : 'short'} form`)
  process.exitCode = ran.some(r => r.failed) || ran.length === 0 ? 1 : 0
}
