/** `tapio test`: the cases of pattern files and of configurations, run. */
import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Argument, Option, type Command } from 'commander'
import pc from 'picocolors'
import { renderFaults } from '../config/render.js'
import type { Fault } from '../config/faults.js'
import { maxSourceBytes, readText } from '../config/source.js'
import { defaultPatternDir, PatternLibrary } from '../patterns/library.js'
import { runTests, type TestResult } from '../patterns/run-test.js'
import type { FileResult, PipelineTestResult } from '../pipeline-test/run-file.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'

interface TestOptions { readonly output?: string, readonly strict?: true, readonly pattern?: string, readonly name?: string }

const help = `
A file with \`patterns:\` is a pattern file, one with \`config:\` and \`tests:\` tests a configuration: its receivers and exporters are replaced by
what the test says, nothing is sent anywhere, and time is the test's own. In a folder, \`*.test.yaml\` are such files.

Examples:
  tapio test                                    the patterns that come with Tapio
  tapio test patterns/                          those of a folder
  tapio test tapio.test.yaml --name health      a configuration's, the cases with this in their name
`

export function addTestCommand (program: Command, io: CommandIo, done: (exit: ExitName) => void): void {
  program.command('test').description('run the tests of configurations and of patterns; those of the patterns that come with Tapio when nothing is named')
    .addArgument(new Argument('[paths...]', 'files, or folders with *.yaml below them'))
    .option('--strict', 'a pattern without a test is an error')
    .option('--pattern <text>', 'only patterns whose id has this in it')
    .option('--name <text>', 'only tests of configurations whose name has this in it')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText('after', help)
    .action(async (paths: string[], options: TestOptions) => done(await test(paths, options, io)))
}

export async function test (paths: readonly string[], options: TestOptions, io: CommandIo): Promise<ExitName> {
  const { patterns, pipelines } = sorted(paths.length === 0 ? [defaultPatternDir] : paths)
  const ofPatterns = patterns.length === 0 && pipelines.length > 0 ? undefined : testPatterns(patterns, options)
  const ofPipelines: FileResult[] = []
  if (pipelines.length > 0) {
    const { runTestFile } = await import('../pipeline-test/run-file.js')
    for (const path of pipelines) ofPipelines.push(await runTestFile(path, shownPath(path), io, options.name))
  }
  if (options.output === 'json') io.out(`${JSON.stringify(asJson(ofPatterns, ofPipelines), null, 2)}\n`)
  else {
    if (ofPatterns !== undefined) printPatterns(ofPatterns, io)
    if (ofPipelines.length > 0) printPipelines(ofPipelines, io)
  }
  return isGood(ofPatterns, ofPipelines) ? 'ok' : 'failure'
}

const testFile = /\.test\.ya?ml$/

/** What a path holds, by what it is. In a folder, configurations and the like are passed over once there are tests of them. */
function sorted (paths: readonly string[]): { readonly patterns: readonly string[], readonly pipelines: readonly string[] } {
  const [patterns, pipelines]: [string[], string[]] = [[], []]
  for (const path of paths) {
    if (!isFolder(path)) { (isPipelineTest(path) ? pipelines : patterns).push(path); continue }
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter(e => !e.isDirectory() && /\.ya?ml$/.test(e.name)).map(e => join(e.parentPath, e.name)).sort()
    const tests = files.filter(isPipelineTest)
    pipelines.push(...tests)
    if (tests.length === 0) patterns.push(path)
    else patterns.push(...files.filter(file => /^patterns:/m.test(textOf(file))))
  }
  return { patterns, pipelines }
}

function isFolder (path: string): boolean {
  try { return statSync(path).isDirectory() } catch { return false }
}

function textOf (path: string): string {
  const text = readText(path, maxSourceBytes)
  return typeof text === 'string' ? text : ''
}

function isPipelineTest (path: string): boolean {
  const text = textOf(path)
  return /^config:/m.test(text) && (/^tests:/m.test(text) || testFile.test(path))
}

function shownPath (path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}

interface PatternRun { readonly library: PatternLibrary, readonly results: readonly TestResult[], readonly faults: readonly Fault[] }

function testPatterns (paths: readonly string[], options: TestOptions): PatternRun {
  const { library, faults } = PatternLibrary.load(paths, { strict: options.strict === true })
  const wanted = options.pattern === undefined ? library : new PatternLibrary(library.patterns.filter(p => p.id.includes(options.pattern ?? '')), library.files)
  return { library: wanted, results: runTests(wanted), faults }
}

function isGood (patterns: PatternRun | undefined, pipelines: readonly FileResult[]): boolean {
  const isError = (fault: Fault): boolean => fault.severity === 'error'
  if (patterns !== undefined && (patterns.library.patterns.length === 0 || patterns.faults.some(isError) || patterns.results.some(r => !r.passed))) return false
  return pipelines.every(f => f.broken === undefined && !f.faults.some(isError) && f.results.every(r => r.passed))
}

function asJson (patterns: PatternRun | undefined, pipelines: readonly FileResult[]): unknown {
  const results = [...patterns?.results ?? [], ...pipelines.flatMap(f => f.results)]
  const failed = results.filter(r => !r.passed).length
  return {
    patterns: patterns?.library.patterns.length ?? 0, passed: results.length - failed, failed,
    faults: [...patterns?.faults ?? [], ...pipelines.flatMap(f => f.faults)], broken: pipelines.flatMap(f => f.broken ?? []), results
  }
}

function printPatterns ({ library, results, faults }: PatternRun, io: CommandIo): void {
  if (faults.length > 0) io.err(`${renderFaults(faults, { color: io.color })}\n`)
  printResults(results.map(r => ({ ...r, head: r.pattern })), io)
  const failed = results.filter(r => !r.passed).length
  io.out(`${library.patterns.length} patterns, ${results.length} cases: ${results.length - failed} passed, ${failed} failed${faults.length === 0 ? '' : `, ${faults.length} faults in files`}\n`)
}

function printPipelines (files: readonly FileResult[], io: CommandIo): void {
  for (const { faults, results, broken } of files) {
    if (faults.length > 0) io.err(`${renderFaults(faults, { color: io.color })}\n`)
    if (broken !== undefined) io.err(`error: ${broken}\n`)
    printResults(results.map(r => ({ ...r, head: r.file })), io)
  }
  const results: readonly PipelineTestResult[] = files.flatMap(f => f.results)
  const failed = results.filter(r => !r.passed).length
  const bad = files.filter(f => f.broken !== undefined || f.faults.some(fault => fault.severity === 'error')).length
  io.out(`${files.length} ${files.length === 1 ? 'file' : 'files'}, ${results.length} cases: ${results.length - failed} passed, ${failed} failed${bad === 0 ? '' : `, ${bad} ${bad === 1 ? 'file' : 'files'} not run`}\n`)
}

function printResults (results: readonly (PipelineTestResult & { readonly head: string })[], io: CommandIo): void {
  const c = pc.createColors(io.color)
  let last = ''
  for (const { head, name, file, line, passed, reasons } of results) {
    if (head !== last) io.out(`${c.bold(head)}\n`)
    last = head
    io.out(`  ${passed ? c.green('ok  ') : c.red('FAIL')} ${name}${passed ? '' : `  ${c.dim(`${file}:${line}`)}`}\n`)
    for (const text of reasons.flatMap(reason => reason.split('\n'))) {
      const paint = text.startsWith('  - ') ? c.red : text.startsWith('  + ') ? c.green : (plain: string) => plain
      io.out(`         ${paint(text)}\n`)
    }
  }
}
