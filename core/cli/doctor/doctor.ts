/** `tapio doctor`: is all there that Tapio needs on this machine, and that this configuration needs? */
import { pageOf, paragraph, type Page } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { count } from '../../story/words.js'
import { jsonText } from '../client/documents.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { tryPrepare } from '../prepare.js'
import { clusterChecks } from './cluster.js'
import { endpointChecks } from './endpoints.js'
import { examine, type Examined } from './examine.js'
import { fileChecks } from './files.js'
import { fault, ok, type Finding, type Level } from './finding.js'
import { machineChecks } from './machine.js'
import { partChecks } from './parts.js'
import { portChecks } from './ports.js'
import { sourceChecks } from './sources.js'

export interface DoctorOptions {
  readonly config: readonly string[]
  readonly set: readonly string[]
  readonly timeout: number
  readonly output: 'text' | 'json'
  readonly color: boolean
  /** For tests: where `/proc`, `/sys` and `/run` are. */
  readonly root?: string
}

const checks = [...machineChecks, ...partChecks, ...sourceChecks, ...portChecks, ...fileChecks, ...endpointChecks, ...clusterChecks]

/** `failure`: there is a fault. A faulty configuration is one, and the machine is looked at all the same. */
export async function doctor ({ config, set, timeout, output, color, root = '' }: DoctorOptions, io: CommandIo): Promise<ExitName> {
  const { signal, release } = io.interrupts?.() ?? { signal: new AbortController().signal, release: () => undefined }
  const startedMs = performance.now()
  try {
    const tried = config.length === 0 ? undefined : await tryPrepare({ config, set, ...(output === 'json' && { output }) }, io)
    const patient = { prepared: tried?.prepared, env: io.env, modules: io.modules, root, nowMs: Date.now() }
    const areas = [...(tried === undefined ? [] : [{ area: 'configuration', findings: [configFinding(tried)] }]), ...await examine(checks, patient, timeout, signal)]
    if (signal.aborted) return 'interrupted'
    io.out(output === 'json' ? jsonText(asJson(areas)) : `${textOf(areas, config.length > 0, performance.now() - startedMs, pageOf(io.columns ?? 120, io.color && color)).join('\n')}\n`)
    if (tried !== undefined && tried.prepared === undefined) return 'config'
    return countOf(areas, 'fault') === 0 ? 'ok' : 'failure'
  } finally {
    release()
  }
}

function configFinding (tried: Awaited<ReturnType<typeof tryPrepare>>): Finding {
  const { prepared, files } = tried
  if (prepared === undefined) return fault('configuration', tried.reason, 'Every fault is told above with its place; `tapio validate` repeats them.')
  return ok('configuration', `${count(prepared.config.pipelines.length, 'pipeline')}, ${count(prepared.config.components.filter(c => c.used).length, 'component')}, from ${count(files.length, 'file')}`)
}

const countOf = (areas: readonly Examined[], level: Level): number => areas.reduce((sum, a) => sum + a.findings.filter(f => f.level === level).length, 0)

function textOf (areas: readonly Examined[], hasConfig: boolean, tookMs: number, page: Page): string[] {
  const { colors: c } = page
  const paint: Readonly<Record<Level, (text: string) => string>> = { ok: c.green, warning: c.yellow, fault: c.red }
  const [oks, warnings, faults] = (['ok', 'warning', 'fault'] as const).map(level => countOf(areas, level)) as [number, number, number]
  return [
    `${c.bold('tapio doctor')}: ${c.green(`${oks} ok`)}, ${warnings > 0 ? c.yellow(count(warnings, 'warning')) : '0 warnings'}, ${faults > 0 ? c.red(count(faults, 'fault')) : '0 faults'} (${(tookMs / 1000).toFixed(1)} s)`,
    ...areas.flatMap(({ area, findings }) => ['', c.bold(area.toUpperCase()), ...findings.flatMap(f => [
      ...paragraph(page, `  ${paint[f.level](f.level.padEnd(7))}  `, `${printable(f.name, 120)}: ${printable(f.found)}`, 11),
      ...(f.action === undefined ? [] : paragraph(page, `           ${c.dim('do:')} `, printable(f.action), 15))
    ])]),
    ...(hasConfig ? [] : ['', c.dim('Only the machine was looked at: -c FILE looks at ports, disks, endpoints, secrets and the cluster of a configuration, too.')])
  ]
}

function asJson (areas: readonly Examined[]): object {
  return {
    ok: countOf(areas, 'fault') === 0, warnings: countOf(areas, 'warning'), faults: countOf(areas, 'fault'),
    findings: areas.flatMap(({ area, findings }) => findings.map(f => ({ area, ...f })))
  }
}
