#!/usr/bin/env -S node --max-semi-space-size=2
/**
 * The program: command line, signals, exit code. The only file that may end the process.
 *
 * Young generations of 2 MiB rather than 16 in every thread: a pipeline that receives OTLP/gRPC needs 30 to 60 MiB less and at
 * most 5 % more CPU (test/bench/collector). Batches live outside V8's heap, so what is young is mostly small and soon dead.
 */
import { CommanderError } from 'commander'
import { addStatusCommand } from './component-status.js'
import { codeOf, type ExitName } from './exit-codes.js'
import { processIo } from './io.js'
import { configOption, createProgram, setOption } from './program.js'
import { run } from './run.js'
import { addServeCommand, serve } from './serve.js'
import { version } from '../version.js'

const io = processIo()

/** A reader that goes away (`tapio components | head -1`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : codeOf('failure')))

function onSignals (onSignal: (name: string) => void): () => void {
  const names = ['SIGINT', 'SIGTERM'] as const
  for (const name of names) process.on(name, onSignal)
  return () => { for (const name of names) process.off(name, onSignal) }
}

/** A hang-up asks a running Tapio to read its configuration again. */
function onRunSignals (onSignal: (name: string) => void): () => void {
  const release = onSignals(onSignal)
  process.on('SIGHUP', onSignal)
  return () => { release(); process.off('SIGHUP', onSignal) }
}

let exit: ExitName = 'ok'
const done = (answer: ExitName): void => { exit = answer }
const endNow = (): never => process.exit(codeOf('interrupted'))
const program = createProgram(version, io, options => run(options, io, onRunSignals, endNow), done)
addServeCommand(program, [configOption(), setOption()], options => serve(options, io, onSignals, endNow), done)
await addStatusCommand(program, process.argv[2], io, done)
try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  exit = error.exitCode === 0 ? 'ok' : 'usage'
}
process.exitCode = codeOf(exit)
