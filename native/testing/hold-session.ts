/** Attaches programs, says so with the ids of what it holds, and waits to be killed. */
import { heldIds, openSession } from './kernel.js'

const session = openSession({ programs: ['memory', 'cgroup'] })
process.stdout.write(`${JSON.stringify({ attached: session.attached.length, ids: heldIds() })}\n`)
setInterval(() => undefined, 1000)
