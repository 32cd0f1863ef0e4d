/** The program with the test's components beside its own: what `tapio` is, started so that it can be killed. */
import { codeOf, type ExitName } from '../../core/cli/exit-codes.js'
import { processIo } from '../../core/cli/io.js'
import { createProgram } from '../../core/cli/program.js'
import { registryUrl } from '../../core/cli/registry.js'
import { run } from '../../core/cli/run.js'

const io = { ...processIo(), modules: [registryUrl, new URL('components.js', import.meta.url).href] }

function onSignals (onSignal: (name: string) => void): () => void {
  const names = ['SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, onSignal)
  return () => { for (const name of names) process.off(name, onSignal) }
}

let exit: ExitName = 'ok'
await createProgram('0.0.0', io, options => run(options, io, onSignals, () => undefined), answer => { exit = answer }).parseAsync()
process.exitCode = codeOf(exit)
