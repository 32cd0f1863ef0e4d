/** All checks at once, each with the time it may take. */
import { within } from '../../graph/within.js'
import { printable } from '../../story/printable.js'
import { fault, type Check, type Finding, type Patient } from './finding.js'

export interface Examined { readonly area: string, readonly findings: readonly Finding[] }

/** Areas in the order of `checks`. Never rejects: a check that fails or takes too long is a finding. */
export async function examine (checks: readonly Check[], patient: Omit<Patient, 'signal'>, timeoutMs: number, interrupted: AbortSignal): Promise<Examined[]> {
  const results = await Promise.all(checks.map(check => one(check, patient, timeoutMs, interrupted)))
  const areas = new Map<string, Finding[]>()
  checks.forEach((check, i) => { areas.set(check.area, [...areas.get(check.area) ?? [], ...results[i] ?? []]) })
  return Array.from(areas, ([area, findings]) => ({ area, findings })).filter(a => a.findings.length > 0)
}

async function one (check: Check, patient: Omit<Patient, 'signal'>, timeoutMs: number, interrupted: AbortSignal): Promise<readonly Finding[]> {
  const over = new AbortController()
  const late: readonly Finding[] = [{ level: 'warning', name: check.name, found: `no answer within ${timeoutMs / 1000} s`, action: 'Run it again with a longer --timeout; a disk or a server that hangs does this.' }]
  try {
    const found = check.run({ ...patient, signal: AbortSignal.any([over.signal, interrupted]) })
    return await Promise.race([found, within(found, timeoutMs).then(() => late)])
  } catch (error) {
    return [fault(check.name, `the check itself failed: ${printable(error instanceof Error ? error.message : String(error))}`, 'Report it with this line.')]
  } finally {
    over.abort()
  }
}
