/** The shipped systemd units in a machine of the test: files where an administrator puts them, `/usr/bin/tapio` being this build. */
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Machine } from '../systemd/machine.js'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const folder = join(root, 'configs', 'deploy', 'systemd')
const program = '/opt/tapio/tapio'

export const shippedConfig = (): string => readFileSync(join(folder, 'tapio.yaml'), 'utf8')

/** The program is started as the first line of its `bin` has it. */
export function install (machine: Machine): void {
  machine.put(program, `#!/bin/sh\nexec ${process.execPath} --max-semi-space-size=2 /srv/tapio/dist/core/cli/main.js "$@"\n`, 0o755)
  machine.put('/etc/sysusers.d/tapio.conf', readFileSync(join(folder, 'tapio.sysusers.conf'), 'utf8'))
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(f => /\.service$|\.d\/.*\.conf$/.test(f))) {
    machine.put(`/etc/systemd/system/${name}`, readFileSync(join(folder, name), 'utf8').replaceAll('/usr/bin/tapio', program))
  }
  machine.ask('systemd-sysusers', '/etc/sysusers.d/tapio.conf')
  machine.ask('systemctl', 'daemon-reload')
}

/** Some of what `systemctl show` says. */
export function show (machine: Machine, unit: string, ...properties: readonly string[]): Record<string, string> {
  return Object.fromEntries(machine.ask('systemctl', 'show', unit, ...properties.map(p => `--property=${p}`)).split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** Fields of /proc/PID/status of a unit's process. */
export function privileges (machine: Machine, unit: string): Record<string, string> {
  const { MainPID: pid } = show(machine, unit, 'MainPID')
  const text = readFileSync(`${machine.root}/proc/${pid}/status`, 'utf8')
  return Object.fromEntries(text.split('\n').map(line => line.split(':\t') as [string, string]))
}
