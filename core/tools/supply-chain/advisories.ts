/**
 * Known vulnerabilities, as `npm audit` has them from the registry. All of the lockfile is asked for and sorted here: what npm's
 * `--omit=dev` leaves out differs between its commands (npm 11.19 `sbom` leaves out packages that both production and development need).
 */
import { spawn } from 'node:child_process'
import type { Lockfile } from './lockfile.js'

const severities = ['info', 'low', 'moderate', 'high', 'critical'] as const
type Severity = typeof severities[number]

export interface Advisory { readonly name: string, readonly severity: Severity, readonly titles: readonly string[], readonly shipped: boolean, readonly fix: string }

export type Advisories =
  | { readonly checked: true, readonly found: readonly Advisory[] }
  | { readonly checked: false, readonly why: string }

interface Report {
  readonly message?: string
  readonly error?: { readonly summary?: string, readonly code?: string }
  readonly vulnerabilities?: Readonly<Record<string, {
    readonly severity: Severity
    readonly via: readonly (string | { readonly title: string, readonly url: string })[]
    readonly nodes: readonly string[]
    readonly fixAvailable: boolean | { readonly name: string, readonly version: string }
  }>>
}

/** Fails the audit: high or critical, and shipped. */
export const fails = ({ severity, shipped }: Advisory): boolean => shipped && severities.indexOf(severity) >= severities.indexOf('high')

/** Asks npm in the folder `root`; `args` for tests. */
export async function knownAdvisories (root: string, lock: Lockfile, args: readonly string[] = []): Promise<Advisories> {
  const { stdout, failure } = await run(root, ['audit', '--json', '--package-lock-only', ...args])
  if (failure !== '') return { checked: false, why: failure }
  return readReport(stdout, lock)
}

export function readReport (json: string, lock: Lockfile): Advisories {
  let report: Report
  try {
    report = JSON.parse(json) as Report
  } catch {
    return { checked: false, why: `npm audit did not answer in JSON: ${json.trim().slice(0, 200)}` }
  }
  const { vulnerabilities } = report
  if (vulnerabilities === undefined) return { checked: false, why: report.message ?? report.error?.summary ?? report.error?.code ?? 'npm audit gave no report' }
  const shipped = new Set(lock.packages.filter(p => p.shipped).map(p => p.path))
  return {
    checked: true,
    found: Object.entries(vulnerabilities).map(([name, { severity, via, nodes, fixAvailable }]) => ({
      name,
      severity,
      titles: via.map(v => typeof v === 'string' ? `through ${v}` : `${v.title} (${v.url})`),
      shipped: nodes.some(node => shipped.has(node)),
      fix: typeof fixAvailable === 'object' ? `${fixAvailable.name} ${fixAvailable.version}` : fixAvailable ? '`npm audit fix`' : 'none yet'
    }))
  }
}

/** npm ends with 1 also when it has found something, so its output counts, not its code. */
function run (cwd: string, args: readonly string[]): Promise<{ readonly stdout: string, readonly failure: string }> {
  return new Promise(resolve => {
    let stdout = ''
    const child = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'ignore'], timeout: 120_000 })
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
    child.once('error', error => { resolve({ stdout, failure: `npm could not be run: ${error.message}` }) })
    child.once('close', (_, signal) => { resolve({ stdout, failure: signal === null ? '' : `npm audit was ended by ${signal} (limit 120 s)` }) })
  })
}
