/** A receiver of a user who may do nothing: prints what it said and saw. The argument is a directory with a broken configuration. */
import { join } from 'node:path'
import { turn, watch } from './watch.js'

const [, , directory = ''] = process.argv
// Code is loaded before: the user may not be able to read where it is.
await import('../receiver.js')
process.setgroups?.([])
process.setgid?.(65534)
process.setuid?.(65534)
const watching = await watch({ conf_dir: join(directory, 'net.d'), bin_dirs: [join(directory, 'bin')], ipam_dir: join(directory, 'n'), cache_dir: join(directory, 'c'), netns_dirs: [join(directory, 'netns')], changes: [] })
await watching.seen('the fault', turn('cni_conf_invalid', 'started'))
await watching.stop()
const warnings = watching.logger.lines.filter(l => l.level === 'warn').map(l => l.message)
process.stdout.write(JSON.stringify({ warnings, events: [...new Set(watching.events().map(e => e.get('name')))], status: watching.status.events }))
