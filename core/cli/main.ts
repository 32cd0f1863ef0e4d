#!/usr/bin/env node
/** The program: command line, signals, exit code. The only file that may end the process. */
import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { addStatusCommand } from './component-status.js'
import { codeOf, type ExitName } from './exit-codes.js'
import { processIo } from './io.js'
import { createProgram } from './program.js'
import { run } from './run.js'

const io = processIo()
// dist/core/cli/main.js -> package.json
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }

/** A reader that goes away (`tapio components | head -1`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : codeOf('failure')))

function onSignals (onSignal: (name: string) => void): () => void {
  const names = ['SIGINT', 'SIGTERM'] as const
  for (const name of names) process.on(name, onSignal)
  return () => { for (const name of names) process.off(name, onSignal) }
}

let exit: ExitName = 'ok'
const program = createProgram(version, io,
  options => run(options, io, onSignals, () => process.exit(codeOf('interrupted'))),
  answer => { exit = answer })
await addStatusCommand(program, process.argv[2], io, answer => { exit = answer })
try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  exit = error.exitCode === 0 ? 'ok' : 'usage'
}
process.exitCode = codeOf(exit)
