/** The kernel's own log as journalctl would print it: journald may not run here, or gets no kernel lines in a container. */
import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Why there is no log to read; '' = it can be read. */
export function kmsgFault (): string {
  return spawnSync('test', ['-r', '/dev/kmsg']).status === 0 ? '' : '/dev/kmsg cannot be read'
}

/** Prints records of /dev/kmsg from now on as journal entries: man 5 kmsg, "PRIORITY,SEQUENCE,MICROSECONDS,-;TEXT". */
const reader = `import { createReadStream, openSync, readFileSync } from 'node:fs'
if (process.argv.includes('--lines=1')) process.exit(0)
const seen = new Set()
const uptimeMicros = () => Math.round(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1e6)
createReadStream('', { fd: openSync('/dev/kmsg', 'r'), highWaterMark: 16384 }).on('data', chunk => {
  const [, priority, sequence, micros, text] = /^(\\d+),(\\d+),(\\d+),[^;]*;([^\\n]*)/.exec(chunk.toString()) ?? []
  const up = uptimeMicros()
  if (text === undefined || up - Number(micros) > 60e6) return
  console.log(JSON.stringify({ __CURSOR: 'k' + sequence, __REALTIME_TIMESTAMP: String(Date.now() * 1000), __MONOTONIC_TIMESTAMP: String(up), _SOURCE_MONOTONIC_TIMESTAMP: micros, _TRANSPORT: 'kernel', PRIORITY: String(priority & 7), MESSAGE: text }))
})
`

/** A program for `journal.command`, in `directory`. */
export function kmsgReader (directory: string): string {
  const command = join(directory, 'reader')
  writeFileSync(join(directory, 'reader.mjs'), reader)
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${directory}/reader.mjs' "$@"\n`)
  chmodSync(command, 0o755)
  return command
}
