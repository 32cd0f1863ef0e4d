/** Starts the receiver with whatever privileges it was given, and prints its status and what it attached. */
import { watch } from './watch.js'

const watching = await watch({ programs: ['process', 'memory', 'network', 'syscalls'], filters: { include_pids: [process.pid] } })
const hooks = Object.fromEntries([...watching.meter.values].filter(([name]) => name.startsWith('kernel_hooks')))
process.stdout.write(`${JSON.stringify({ status: watching.status.events, hooks, warnings: watching.logger.lines.filter(l => l.level === 'warn').length })}\n`)
await watching.stop()
