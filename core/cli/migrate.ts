/** `tapio config migrate`: a configuration of the Collector, or of the original Tapio, written as one of Tapio. */
import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Argument, Option, type Command } from 'commander'
import { Excerpts } from '../config/excerpt.js'
import { FaultList, publicFault, type Fault } from '../config/faults.js'
import { faultsAsJson, renderFaults } from '../config/render.js'
import { openSource } from '../config/source.js'
import { openCatalog } from '../instance.js'
import { migrateCollector } from '../migrate/collector.js'
import type { Migrated } from '../migrate/migrated.js'
import { notesAsJson, renderNotes } from '../migrate/report.js'
import { migrateSeed } from '../migrate/tapio-v0.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'

interface MigrateOptions { readonly from: 'otelcol' | 'tapio-v0', readonly output?: string, readonly force?: true, readonly report: 'text' | 'json', readonly strict?: true }

const examples = `
Examples:
  tapio config migrate --from otelcol otel.yaml -o tapio.yaml    the report goes to standard error
  tapio config migrate --from otelcol otel.yaml > tapio.yaml 2> report.txt
  tapio config migrate --from otelcol otel.yaml --report json 2> report.json
  tapio config migrate --from tapio-v0 old.yaml -o tapio.yaml    the short form in its long form

What has no counterpart is commented out in what is written, marked \`migrate:\`, and makes the exit code 4.
`

export function addMigrateCommand (config: Command, io: CommandIo, done: (exit: ExitName) => void): void {
  config.command('migrate').description('write a configuration of the OpenTelemetry Collector, or of the original Tapio, as one of Tapio')
    .addArgument(new Argument('<file>', 'what to migrate'))
    .addOption(new Option('--from <form>', 'what it is').choices(['otelcol', 'tapio-v0']).makeOptionMandatory())
    .option('-o, --output <file>', 'where to write; standard output when left out')
    .option('--force', 'write over a file that is there')
    .option('--strict', 'exit code 4 also when something changed in meaning')
    .addOption(new Option('--report <format>', 'how to print the report, on standard error').choices(['text', 'json']).default('text'))
    .addHelpText('after', examples)
    .action(async (file: string, options: MigrateOptions) => done(await migrate(file, options, io)))
}

export async function migrate (file: string, options: MigrateOptions, io: CommandIo): Promise<ExitName> {
  const migrated = await readAndMigrate(file, options.from, io)
  if (!migrated.ok) {
    io.err(options.report === 'json' ? `${faultsAsJson(migrated.faults)}\n` : `${renderFaults(migrated.faults, { color: io.color })}\n`)
    return 'config'
  }
  const { yaml, notes } = migrated
  const problem = options.output === undefined ? '' : write(options.output, yaml, options.force === true)
  if (problem !== '') { io.err(`tapio config migrate: ${problem}\n`); return 'failure' }
  if (options.output === undefined) io.out(yaml)
  io.err(options.report === 'json' ? notesAsJson(file, notes) : renderNotes(file, notes, io.color))
  const counts = options.strict === true ? ['missing', 'changed'] : ['missing']
  return notes.some(n => counts.includes(n.kind)) ? 'incomplete' : 'ok'
}

async function readAndMigrate (file: string, from: MigrateOptions['from'], io: CommandIo): Promise<Migrated> {
  const catalog = await openCatalog(io.modules)
  const faults = new FaultList()
  const source = openSource(file, process.cwd(), io.env, faults, new Set())
  if (source === undefined) return { ok: false, faults: faults.items.map((f): Fault => publicFault(f, new Excerpts(new Map(), [], catalog, true).of(f.at))) }
  return from === 'otelcol' ? migrateCollector(source, catalog, io.env) : migrateSeed(source, catalog)
}

/** Empty when it is written. */
function write (path: string, text: string, isForced: boolean): string {
  const full = resolve(path)
  if (!isForced && existsSync(full)) return `${path} is there already: give another --output, or --force to write over it`
  try {
    writeFileSync(full, text, { flag: isForced ? 'w' : 'wx' })
    return ''
  } catch (error) {
    return `cannot write ${path}: ${(error as Error).message}`
  }
}
