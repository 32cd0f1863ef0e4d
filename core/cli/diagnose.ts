/** `tapio diagnose DIR`: what a dump of a cluster says about what went wrong, offline. */
import { stat } from 'node:fs/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { ConfigError } from '../builder.js'
import type { Incident } from '../incidents/incident.js'
import { printable } from '../story/printable.js'
import { count, number, shortDuration } from '../story/words.js'
import { diagnose, type Diagnosis } from './diagnosis.js'
import type { ExitName } from './exit-codes.js'
import { isForPeople, outputOptions, printIncidents, type OutputOptions } from './incident-output.js'
import type { CommandIo } from './io.js'
import { parseCount } from './numbers.js'
import { plainLogger } from './plain-logger.js'
import { Progress } from './progress.js'

interface DiagnoseOptions extends OutputOptions {
  readonly top?: number
  readonly collectedAt?: string
  readonly verbose?: true
}

/** Stories people read one after the other; programs get all. */
const defaultTop = 3

const help = `
What it reads: the output of kubectl cluster-info dump, must-gather, kubectl get -o json|yaml, container logs, journals and
systemctl status of nodes, alerts, in one directory or several. Unpack archives first. The network is not used.

Examples:
  kubectl cluster-info dump --all-namespaces --output-directory=/tmp/dump && tapio diagnose /tmp/dump
  tapio diagnose /tmp/dump --top 1 -o markdown > ticket.md
  tapio diagnose /tmp/dump -o json | jq -r '.[0].hypotheses[] | "\\(.score) \\(.title)"'
`

export function addDiagnoseCommand (program: Command, io: CommandIo, done: (exit: ExitName) => void): void {
  const command = program.command('diagnose').description('explain what went wrong in a cluster, from a dump of it')
    .argument('<directory...>', 'of the dump; single files of one are taken too')
    .option('--top <number>', `the worst so many (${defaultTop} for people, all for json and yaml)`, parseCount)
    .option('--collected-at <time>', 'when the dump was taken (RFC 3339), when it does not say so itself', parseTime)
    .option('--verbose', 'say on stderr what was read and what was skipped')
  for (const option of outputOptions()) command.addOption(option)
  command.addHelpText('after', help).action(async (directories: string[], options: DiagnoseOptions) => done(await diagnoseDump(directories, options, io)))
}

async function diagnoseDump (paths: readonly string[], options: DiagnoseOptions, io: CommandIo): Promise<ExitName> {
  const fault = (await Promise.all(paths.map(pathFault))).find(f => f !== '')
  if (fault !== undefined) { io.err(`tapio diagnose: ${fault}\n`); return 'failure' }
  const progress = new Progress(io, 'tapio diagnose')
  // While files are read no event comes that could tell.
  const timer = setInterval(() => { progress.tell(0) }, 1000)
  try {
    const found = await diagnose({
      paths, modules: io.modules, logger: plainLogger(io, { doing: 'tapio diagnose', warns: false, isVerbose: options.verbose === true }), onProgress: events => { clearInterval(timer); progress.tell(events) },
      ...(options.collectedAt !== undefined && { collectedAt: options.collectedAt })
    })
    progress.end()
    return show(found, paths, options, io, progress.elapsedMs)
  } catch (error) {
    progress.end()
    io.err(`tapio diagnose: ${error instanceof ConfigError ? `this build lacks a part of it:\n${error.message}` : printable((error as Error).message)}\n`)
    return 'failure'
  } finally {
    clearInterval(timer)
  }
}

/** What can be said before anything is started; '' = nothing against it. */
async function pathFault (path: string): Promise<string> {
  const name = printable(path)
  try {
    const stats = await stat(path)
    return stats.isDirectory() || stats.isFile() ? '' : `${name} is neither a directory nor a file`
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? `there is no ${name}` : code === 'EACCES' ? `${name} may not be read: permission denied` : `${name} cannot be read: ${message}`
  }
}

function show ({ incidents, events, lost }: Diagnosis, paths: readonly string[], options: DiagnoseOptions, io: CommandIo, elapsedMs: number): ExitName {
  const where = paths.map(p => printable(p)).join(', ')
  if (events === 0) {
    io.err(`tapio diagnose: nothing in ${where} is part of a dump that Tapio reads: no Kubernetes objects, logs, unit states or alerts (--verbose names what was skipped)\n`)
    if (!isForPeople(options)) printIncidents([], options, io)
    return 'failure'
  }
  if (lost > 0) io.err(`tapio diagnose: ${number(lost)} of ${count(events, 'event')} were not looked at, because a part of Tapio failed: the result may lack something\n`)
  const shown = incidents.slice(0, options.top ?? (isForPeople(options) ? defaultTop : Infinity))
  const seen = `${count(events, 'event')} of ${where} in ${shortDuration(elapsedMs)}`
  if (incidents.length === 0 && lost > 0 && isForPeople(options)) return 'failure'
  if (incidents.length === 0 && isForPeople(options)) io.out(`No incident found: nothing in ${seen} looks like trouble.\n`)
  else printIncidents(shown, options, io)
  if (incidents.length > 0) io.err(`tapio diagnose: ${summary(incidents, shown.length)}, from ${seen}\n`)
  return lost >= events ? 'failure' : 'ok'
}

function summary (incidents: readonly Incident[], shown: number): string {
  const found = count(incidents.length, 'incident')
  return shown < incidents.length ? `the worst ${number(shown)} of ${found} (--top ${incidents.length} shows all)` : found
}

function parseTime (text: string): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(Date.parse(text))) throw new InvalidArgumentError('give a time as 2026-01-01T12:00:00Z.')
  return text
}
