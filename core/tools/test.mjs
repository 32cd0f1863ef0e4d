// Runs every *.test.js of dist/ (uvu; the example plugins': node:test), each file in a process of its own so that one cannot leak into another, two at a
// time. `--long` sets TAPIO_TEST_LONG=1, which makes the stress and fuzz suites take their long form. Arguments without
// dashes keep only the files whose path contains one of them. The last line is `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const dist = join(root, 'dist')
const long = process.argv.includes('--long')
const only = process.argv.slice(2).filter(a => !a.startsWith('--'))
const fileTimeoutMs = long ? 3_600_000 : 300_000

const files = readdirSync(dist, { recursive: true })
  .filter(f => f.endsWith('.test.js') && (only.length === 0 || only.some(o => f.includes(o))))
  .sort()

const total = { passed: 0, failed: 0, skipped: 0 }

/** The counts uvu or node:test prints at its end, or undefined when the process ended before that. */
function summary (output) {
  const plain = output.replace(/\x1b\[[0-9;]*m/g, '')
  const number = label => { const m = plain.match(new RegExp(`^  ${label}:\\s+(\\d+)`, 'm')); return m ? Number(m[1]) : undefined }
  const ran = number('Total')
  const tap = label => Number(plain.match(new RegExp(`^# ${label} (\\d+)`, 'm'))?.[1] ?? NaN)
  if (ran === undefined && !Number.isNaN(tap('tests'))) return { ran: tap('tests') - tap('skipped'), passed: tap('pass'), skipped: tap('skipped') }
  return ran === undefined ? undefined : { ran, passed: number('Passed'), skipped: number('Skipped') }
}

function runFile (file) {
  return new Promise(resolve => {
    const started = Date.now()
    const child = spawn(process.execPath, ['--enable-source-maps', join(dist, file)], {
      cwd: root,
      env: { ...process.env, ...(long ? { TAPIO_TEST_LONG: '1' } : {}) },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    let output = ''
    child.stdout.on('data', d => { output += d })
    child.stderr.on('data', d => { output += d })
    const timer = setTimeout(() => child.kill('SIGKILL'), fileTimeoutMs)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const counts = summary(output)
      const seconds = ((Date.now() - started) / 1000).toFixed(1)
      const name = relative(root, join(root, file)).replace(/\.js$/, '.ts')
      const failed = counts === undefined ? 1 : counts.ran - counts.passed
      const broke = failed > 0 || code !== 0
      total.passed += counts?.passed ?? 0
      total.skipped += counts?.skipped ?? 0
      total.failed += broke ? Math.max(1, failed) : 0
      const skips = output.split('\n').filter(l => l.startsWith('SKIP '))
      console.log(`${broke ? 'FAIL' : 'ok  '} ${name} (${counts?.passed ?? 0} passed${counts?.skipped ? `, ${counts.skipped} skipped` : ''}, ${seconds} s)`)
      if (broke) console.log(output + (signal ? `\nended by ${signal} (limit ${fileTimeoutMs / 1000} s)` : `\nexit code ${code}`))
      else for (const line of output.split('\n').filter(l => l.startsWith('REPORT '))) console.log(`     ${line.slice(7)}`)
      for (const line of skips) console.log(`     ${line}`)
      resolve()
    })
  })
}

const queue = [...files]
const lanes = Math.min(2, availableParallelism())
await Promise.all(Array.from({ length: lanes }, async () => {
  for (let f = queue.shift(); f !== undefined; f = queue.shift()) await runFile(f)
}))
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0)
