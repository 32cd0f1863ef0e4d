/** `tapio plugin check`: what can be said of a plugin without running it in a pipeline. */
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { loadAuthored, printFindings, printPlugin } from './loaded.js'

export async function checkPlugin (path: string, io: CommandIo, cwd = process.cwd()): Promise<ExitName> {
  const plugin = await loadAuthored('tapio plugin check', path, io, cwd)
  if (plugin === undefined) return 'failure'
  printPlugin(plugin.reference.description, io)
  return printFindings(plugin.findings, io) === 0 ? 'ok' : 'failure'
}
