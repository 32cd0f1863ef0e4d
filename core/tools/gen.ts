/**
 * Writes the parts of the READMEs that follow from code, between `<!-- generated:NAME -->` and `<!-- /generated:NAME -->`, and the
 * code that follows from proto files. `--check` changes nothing and fails when a file would change, so that neither can drift, or when
 * the API breaks its clients; `--baseline` says that from now on clients are built on the API as it is.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readComments } from '../api/openapi/comments.js'
import { openApiText } from '../api/openapi/document.js'
import { apiMetrics } from '../api/api-metrics.js'
import { apiSchema } from '../api/config.js'
import { components } from '../cli/registry.js'
import { exitCodes } from '../cli/exit-codes.js'
import type { ComponentFactory } from '../component/factory.js'
import type { DropRemedies } from '../component/remedy.js'
import { faultCodes } from '../config/fault-codes.js'
import { modes } from '../config/modes.js'
import { optionsTable } from '../config/options-table.js'
import { Options } from '../config/schema.js'
import { columnsTable } from '../data/columns-table.js'
import { isolation, isolationMetrics } from '../recovery/isolation/options.js'
import { deliveryDrops, deliveryMetrics, deliveryOptions, deliveryRemedies } from '../delivery/with-delivery.js'
import { runtimeDrops, runtimeRemedies } from '../graph/runtime-drops.js'
import { runtimeMetrics } from '../graph/runtime-metrics.js'
import { reloadMetrics } from '../reload/metrics.js'
import { patternTables } from '../patterns/tables.js'
import { codesText, dropReasons } from '../troubleshooting/page.js'
import { declaredMetrics, metricsTable } from '../telemetry/declared-metrics.js'
import type { MetricDeclaration } from '../telemetry/meter.js'
import { folderOf } from './folder-of.js'
import { checkProtos, generateCode, moveBaseline, placeOf } from './protos.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

type Parts = Readonly<Record<string, () => string | Promise<string>>>

function table (head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map(r => `| ${r.map(cell).join(' | ')} |`)].join('\n')
}

function metricsText (metrics: readonly MetricDeclaration[]): string {
  return metrics.length === 0 ? 'None.' : metricsTable(metrics)
}

function dropsText (drops: Readonly<Record<string, string>>, remedies: DropRemedies = {}): string {
  const reasons = Object.entries(drops)
  return reasons.length === 0 ? 'It drops nothing.' : table(['reason', 'meaning', 'what to do'], reasons.map(([reason, meaning]) => [`\`${reason}\``, meaning, remedies[reason]?.action ?? '']))
}

function componentParts (factory: ComponentFactory): Parts {
  return {
    example: () => `\`\`\`yaml\n${readFileSync(join(root, folderOf(factory), 'example.yaml'), 'utf8')}\`\`\``,
    options: () => optionsTable(factory.schema),
    metrics: () => metricsText(factory.metrics),
    drops: () => dropsText(factory.drops, factory.remedies)
  }
}

const sorted = [...components].sort((a, b) => (a.kind + a.type < b.kind + b.type ? -1 : 1))

const documents: readonly (readonly [string, Parts])[] = [
  ['README.md', {
    components: () => table(['component', 'kind', 'signals', 'stability', 'what it does'],
      sorted.map(f => [`[\`${f.type}\`](${folderOf(f)}/README.md)`, f.kind, f.signals.length === 5 ? 'all' : f.signals.join(', '), f.stability, f.description])),
    modes: () => table(['mode', 'batch_size', 'buffer_size', 'max_concurrency'],
      Object.entries(modes).map(([name, m]) => [`\`${name}\``, String(m.batchSize), String(m.bufferSize), m.maxConcurrency === 0 ? 'one a core' : String(m.maxConcurrency)])),
    'exit-codes': () => table(['code', 'meaning'], Object.values(exitCodes).map(([code, meaning]) => [String(code), meaning]))
  }],
  ['core/telemetry/README.md', { metrics: () => metricsTable([...declaredMetrics(), ...runtimeMetrics, ...reloadMetrics]), drops: () => dropsText(runtimeDrops, runtimeRemedies) }],
  ['core/api/README.md', { options: () => optionsTable(apiSchema), metrics: () => metricsText(apiMetrics) }],
  ['exporters/README.md', { options: () => optionsTable(Options(deliveryOptions)), metrics: () => metricsText(deliveryMetrics), drops: () => dropsText(deliveryDrops, deliveryRemedies) }],
  ['core/recovery/README.md', { options: () => optionsTable(Options({ isolation })), metrics: () => metricsText(isolationMetrics) }],
  ['core/data/README.md', { columns: columnsTable }],
  ['core/config/README.md', { faults: () => table(['code', 'meaning'], Object.entries(faultCodes).map(([code, meaning]) => [code, meaning])) }],
  ['core/troubleshooting/README.md', {
    codes: codesText,
    'exit-codes': () => table(['code', 'meaning'], Object.values(exitCodes).map(([code, meaning]) => [String(code), meaning])),
    drops: () => table(['reason', 'who gives it', 'meaning'], dropReasons(sorted, deliveryDrops).map(([reason, who, meaning]) => [`\`${reason}\``, who, meaning]))
  }],
  ['core/patterns/README.md', Object.fromEntries(Object.entries(patternTables).map(([name, make]) => [name, () => { const { head, rows } = make(); return table(head, rows) }]))],
  ...sorted.map(f => [join(folderOf(f), 'README.md'), componentParts(f)] as const)
]

/** Files that are generated as a whole. */
const files: readonly (readonly [string, () => string])[] = [
  ['core/api/openapi/openapi.json', () => openApiText(readComments(root))]
]

/** The text with every part replaced; throws when a marker has no end or a part nobody makes. */
async function fill (text: string, parts: Parts, file: string): Promise<string> {
  const made = new Map<string, string>()
  for (const [name, make] of Object.entries(parts)) if (text.includes(`<!-- generated:${name} -->`)) made.set(name, (await make()).trimEnd())
  return text.replaceAll(/<!-- generated:([\w-]+) -->[\s\S]*?<!-- \/generated:([\w-]+) -->/g, (_all, name: string, end: string) => {
    const part = made.get(name)
    if (part === undefined || name !== end) throw new Error(`${file}: no generated part "${name}" (ends as "${end}")`)
    return `<!-- generated:${name} -->\n${part}\n<!-- /generated:${name} -->`
  })
}

const check = process.argv.includes('--check')
const stale: string[] = check ? checkProtos(placeOf(root)) : []
if (!check) generateCode(placeOf(root))
if (process.argv.includes('--baseline')) moveBaseline(placeOf(root))
for (const [file, parts] of documents) {
  const path = join(root, file)
  if (!existsSync(path)) { stale.push(`${file} is missing`); continue }
  const before = readFileSync(path, 'utf8')
  const missing = Object.keys(parts).filter(p => p !== 'drops' && !before.includes(`<!-- generated:${p} -->`))
  if (missing.length > 0) stale.push(`${file} has no markers for: ${missing.join(', ')}`)
  settle(file, before, await fill(before, parts, file))
}
for (const [file, make] of files) settle(file, existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '', make())

function settle (file: string, before: string, after: string): void {
  if (after === before) return
  const path = join(root, file)
  if (check) stale.push(`${file} is not what the code says; run \`npm run gen\``)
  else { writeFileSync(path, after); console.log(`wrote ${relative(process.cwd(), path)}`) }
}

if (stale.length > 0) { console.error(stale.join('\n')); process.exitCode = 1 } else console.log(check ? 'generated parts are in step' : 'done')
