/** What receivers of this machine's own events need: systemd's bus, the journal, containerd. */
import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { exists } from './machine.js'
import { fault, ok, warning, type Check, type Finding, type Patient } from './finding.js'

interface Source {
  readonly name: string
  /** Types of receivers that need it. */
  readonly of: readonly string[]
  readonly paths: readonly string[]
  readonly need: number
  readonly action: string
}

const sources: readonly Source[] = [
  { name: 'systemd', of: ['systemd'], paths: ['/run/systemd/system'], need: constants.R_OK, action: 'This machine was not started by systemd, or its /run/systemd is not mounted into the container.' },
  { name: 'D-Bus', of: ['systemd'], paths: ['/run/dbus/system_bus_socket', '/var/run/dbus/system_bus_socket'], need: constants.R_OK | constants.W_OK, action: 'Mount /run/dbus/system_bus_socket into the container; without it changes of units come from the journal alone.' },
  { name: 'journal', of: ['systemd'], paths: ['/var/log/journal', '/run/log/journal'], need: constants.R_OK | constants.X_OK, action: 'Let journald keep one (Storage=), mount the directory into the container, and add the user of Tapio to the group systemd-journal.' },
  { name: 'containerd', of: ['cni'], paths: ['/run/containerd/containerd.sock', '/run/k3s/containerd/containerd.sock'], need: constants.R_OK | constants.W_OK, action: 'Run as root, or mount the socket into the container; on another runtime there is none, and containers are known by their cgroups alone.' }
]

export const sourceChecks: readonly Check[] = [{ area: 'sources', name: 'sources', run: sourceFindings }]

/** With a configuration only what its receivers need. */
async function sourceFindings ({ prepared, root }: Patient): Promise<Finding[]> {
  const used = prepared?.config.components.filter(c => c.used && c.id.kind === 'receiver').map(c => c.id.type)
  return Promise.all(sources.filter(s => used === undefined || s.of.some(type => used.includes(type))).map(source => look(source, root)))
}

async function look ({ name, paths, need, action }: Source, root: string): Promise<Finding> {
  for (const path of paths) {
    if (!await exists(`${root}${path}`)) continue
    if (!await access(`${root}${path}`, need).then(() => true, () => false)) return fault(name, `${path} is there, and this user may not use it`, action)
    // Images ship the folder without a journal in it.
    if (name === 'journal' && (await readdir(`${root}${path}`)).length === 0) continue
    return ok(name, path)
  }
  return warning(name, `none here (${paths.join(', ')})`, action)
}
