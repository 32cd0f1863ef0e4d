/** Where secrets of a configuration came from: files that others could read or replace are faults, variables are remembered. */
import type { SecretSource } from './check.js'
import type { FaultList } from './faults.js'
import { exposureAt, judge, type SecretFilePolicy } from './guarded-file.js'

export function checkSecretSources (sources: readonly SecretSource[], policy: SecretFilePolicy, faults: FaultList): void {
  if (policy === 'off') return
  const seen = new Set<string>()
  for (const { kind, name, at, path } of sources) {
    // The short form is checked twice: as written and as what it becomes.
    const key = `${name}\n${at.source}\n${at.offset}`
    if (kind !== 'file' || seen.has(key)) continue
    seen.add(key)
    const { refused, why } = judge(exposureAt(name), policy)
    if (why === '') continue
    const message = `\`${String(path.at(-1))}\` comes from ${name}, a file that is exposed: ${why}`
    const help = '`service.security.secret_files` says what is let pass'
    if (refused) faults.error('CFG075', at, path, message, { help })
    else faults.warning('CFG075', at, path, message, { help })
  }
}

export function variablesOf (sources: readonly SecretSource[]): string[] {
  return [...new Set(sources.flatMap(({ kind, name }) => kind === 'env' ? [name] : []))]
}
