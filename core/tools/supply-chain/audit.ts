/**
 * `npm run audit`: the lockfile, the licences and the known vulnerabilities of what is shipped. Ends with 1 when something must
 * change. A registry that cannot be asked is said and is no failure, as CI may run without a network; `--require-advisories` makes it one.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fails, knownAdvisories, type Advisories, type Advisory } from './advisories.js'
import { licenceFaults } from './licences.js'
import { lockfileFaults, readLockfile } from './lockfile.js'

export interface AuditParts { readonly lockfile: readonly string[], readonly licences: readonly string[], readonly advisories: Advisories, readonly packages: number, readonly shipped: number }

/** What is printed, and whether it fails. */
export function auditReport ({ lockfile, licences, advisories, packages, shipped }: AuditParts, requireAdvisories: boolean): { readonly lines: readonly string[], readonly failed: boolean } {
  const lines = [
    ...lockfile.map(fault => `lockfile: ${fault}`),
    ...licences.map(fault => `licence: ${fault}`),
    ...advisories.checked ? advisories.found.map(line) : [`advisories: NOT CHECKED: ${advisories.why}`],
    `audit: ${packages} packages locked, ${shipped} of them shipped; ${lockfile.length} faults of the lockfile, ${licences.length} of licences, ${counted(advisories)}`
  ]
  const vulnerable = advisories.checked ? advisories.found.some(fails) : requireAdvisories
  return { lines, failed: lockfile.length > 0 || licences.length > 0 || vulnerable }
}

function counted (advisories: Advisories): string {
  if (!advisories.checked) return 'advisories not checked'
  return `${advisories.found.filter(fails).length} advisories that fail (high or critical, shipped), ${advisories.found.filter(a => !fails(a)).length} others`
}

const line = (advisory: Advisory): string => {
  const { name, severity, titles, shipped, fix } = advisory
  return `advisory: ${fails(advisory) ? 'FAILS ' : ''}${name}, ${severity}, ${shipped ? 'shipped' : 'in development only'}: ${titles.join('; ')}; fix: ${fix}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // dist/core/tools/supply-chain
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..')
  const lock = readLockfile(root)
  const parts = { lockfile: lockfileFaults(lock), licences: licenceFaults(lock.packages), advisories: await knownAdvisories(root, lock), packages: lock.packages.length, shipped: lock.packages.filter(p => p.shipped).length }
  const { lines, failed } = auditReport(parts, process.argv.includes('--require-advisories'))
  for (const text of lines) console.log(text)
  process.exitCode = failed ? 1 : 0
}
