/** Kernel records as core/identity wants them, and its answers as the owner of a record. */
import { identityAttributes } from '../../core/identity/attributes.js'
import type { Identities, Subject } from '../../core/identity/identities.js'
import { recordTable, type RecordName, type RecordReader } from '../../native/index.js'
import type { Owner, Whose } from './whose.js'

const header = recordTable.bench.fields
const cgroup = recordTable.cgroup_mkdir.fields
const task = { exec: recordTable.exec.fields, exit: recordTable.exit.fields }

/** More would say little: shells, supervisors and PID 1 are within. */
const maxAncestors = 8

export class KernelOwners implements Whose {
  constructor (readonly identities: Identities) {}

  observe (name: RecordName, reader: RecordReader): void {
    switch (name) {
      case 'cgroup_mkdir': this.#created(reader); break
      case 'cgroup_rmdir': this.identities.cgroupRemoved(reader.number(cgroup.hierarchy), reader.wide(header.cgroup_id)); break
      case 'exec': this.#executed(reader); break
      case 'exit': this.identities.processes.exited(processOf(reader, reader.number(task.exit.parent_pid)), bootMs(reader), Number(reader.wide(task.exit.duration_ns)) / 1e6); break
      default:
    }
  }

  ownerOf (subject: Subject): Owner {
    const found = this.identities.of(subject)
    return { attributes: identityAttributes(found), path: found.path }
  }

  /** `make (60)`, nearest first; the process itself is not among them. */
  ancestorsOf (pid: number, atMs: number): readonly string[] {
    return this.identities.processes.ancestry(pid, atMs).slice(1, 1 + maxAncestors).map(p => `${p.comm} (${p.pid})`)
  }

  #created (reader: RecordReader): void {
    const size = reader.number(cgroup.path_size)
    const path = reader.bytes(cgroup.path, size).toString()
    const event = { hierarchy: reader.number(cgroup.hierarchy), id: reader.wide(header.cgroup_id), parentId: reader.wide(cgroup.parent_id), path, cut: size >= cgroup.path.size - 1 }
    // What comes later is a better path of a cgroup that was cut; it never fails.
    void this.identities.cgroupCreated(event)
  }

  #executed (reader: RecordReader): void {
    this.identities.processes.executed(processOf(reader, reader.number(task.exec.parent_pid)), bootMs(reader))
    this.identities.observeNetns({ netns: reader.number(header.netns), cgroupId: reader.wide(header.cgroup_id), memcgId: reader.wide(header.memcg_id) })
  }
}

function processOf (reader: RecordReader, parentPid: number): { pid: number, parentPid: number, comm: string, cgroupId: bigint } {
  return { pid: reader.number(header.pid), parentPid, comm: reader.text(header.comm), cgroupId: reader.wide(header.cgroup_id) }
}

const bootMs = (reader: RecordReader): number => Number(reader.wide(header.time_ns)) / 1e6
