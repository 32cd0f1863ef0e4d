/** `tapio test`: the cases of pattern files, run. */
import { Argument, Option, type Command } from 'commander'
import pc from 'picocolors'
import { renderFaults } from '../config/render.js'
import type { Fault } from '../config/faults.js'
import { defaultPatternDir, PatternLibrary } from '../patterns/library.js'
import { runTests, type TestResult } from '../patterns/run-test.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'

interface TestOptions { readonly output?: string, readonly strict?: true, readonly pattern?: string }

export function addTestCommand (program: Command, io: CommandIo, done: (exit: ExitName) => void): void {
  program.command('test').description('run the test cases of pattern files; those that come with Tapio when none are named')
    .addArgument(new Argument('[paths...]', 'files, or folders with *.yaml below them'))
    .option('--strict', 'a pattern without a test is an error')
    .option('--pattern <text>', 'only patterns whose id has this in it')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action((paths: string[], options: TestOptions) => done(testPatterns(paths, options, io)))
}

export function testPatterns (paths: readonly string[], options: TestOptions, io: CommandIo): ExitName {
  const { library, faults } = PatternLibrary.load(paths.length === 0 ? [defaultPatternDir] : paths, { strict: options.strict === true })
  const wanted = options.pattern === undefined ? library : new PatternLibrary(library.patterns.filter(p => p.id.includes(options.pattern ?? '')), library.files)
  const results = runTests(wanted)
  const errors = faults.filter(f => f.severity === 'error').length
  const failed = results.filter(r => !r.passed).length
  if (options.output === 'json') io.out(`${JSON.stringify({ patterns: wanted.patterns.length, passed: results.length - failed, failed, faults, results }, null, 2)}\n`)
  else print(wanted, results, faults, io)
  return errors + failed > 0 || library.patterns.length === 0 ? 'failure' : 'ok'
}

function print (library: PatternLibrary, results: readonly TestResult[], faults: readonly Fault[], io: CommandIo): void {
  const c = pc.createColors(io.color)
  if (faults.length > 0) io.err(`${renderFaults(faults, { color: io.color })}\n`)
  let last = ''
  for (const { pattern, name, file, line, passed, reasons } of results) {
    if (pattern !== last) io.out(`${c.bold(pattern)}\n`)
    last = pattern
    io.out(`  ${passed ? c.green('ok  ') : c.red('FAIL')} ${name}${passed ? '' : `  ${c.dim(`${file}:${line}`)}`}\n`)
    for (const reason of reasons) io.out(`         ${reason}\n`)
  }
  const failed = results.filter(r => !r.passed).length
  io.out(`${library.patterns.length} patterns, ${results.length} cases: ${results.length - failed} passed, ${failed} failed${faults.length === 0 ? '' : `, ${faults.length} faults in files`}\n`)
}
