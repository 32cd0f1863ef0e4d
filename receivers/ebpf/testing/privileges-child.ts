/** Starts the receiver with whatever privileges it was given, its raw store in the directory given, and prints its status, what it attached and what it warned of. */
import { watch } from './watch.js'

const watching = await watch({ programs: ['process', 'memory', 'network', 'syscalls'], filters: { include_pids: [process.pid] }, raw_store: { enabled: true, directory: process.argv[2] as string } })
const hooks = Object.fromEntries([...watching.meter.values].filter(([name]) => name.startsWith('kernel_hooks')))
process.stdout.write(`${JSON.stringify({ status: watching.status.events, hooks, warnings: watching.logger.lines.filter(l => l.level === 'warn').map(l => l.message) })}\n`)
await watching.stop()
