/** Scenario: a made machine (hybrid, as CI's): a pod, a service, processes; events come in the order the kernel sends them. */
import { mkdir, mkdtemp, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../testing/fake-clock.js'
import { identityAttributes } from './attributes.js'
import { Identities, type Subject } from './identities.js'

const test = suite('identities')
const id = '8447f8fa852e0fb592bb4bc23c5f46f5c0ce260c63fab167629176e7695d5209'
const pod = '/kubepods/burstable/pod2ca4a155-3599-498d-bb9d-4446693fa3ea'
const none: Subject = { cgroupId: 0n, memcgId: 0n, pid: 0, netns: 0, bootMs: 0 }
const roots: string[] = []
test.after(async () => { for (const root of roots) await rm(root, { recursive: true }) })

/** A machine as a directory, and what its tests do to it. */
class Machine {
  static async create (): Promise<Machine> {
    const machine = new Machine(await mkdtemp(join(tmpdir(), 'tapio-identity-')))
    roots.push(machine.root)
    await machine.write('proc/1/mountinfo', '31 30 0:27 / /cg/unified rw - cgroup2 cgroup2 rw\n32 30 0:28 / /cg/memory rw - cgroup cgroup rw,memory\n33 30 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu\n')
    await machine.write('proc/1/cgroup', '4:memory:/\n2:cpu:/\n0::/\n')
    await mkdir(join(machine.root, 'proc/1/ns'))
    await symlink('net:[4026531840]', join(machine.root, 'proc/1/ns/net'))
    for (const directory of ['unified', 'memory', 'cpu']) await mkdir(join(machine.root, 'cg', directory), { recursive: true })
    return machine
  }

  readonly clock = new FakeClock()
  readonly identities: Identities
  private constructor (readonly root: string) {
    this.identities = new Identities({ clock: this.clock, root, keepRemovedMs: 60_000 })
  }

  async cgroup (hierarchy: string, path: string, pids: readonly number[] = []): Promise<bigint> {
    const directory = join(this.root, 'cg', hierarchy, path)
    await mkdir(directory, { recursive: true })
    if (pids.length > 0) await writeFile(join(directory, 'cgroup.procs'), pids.join('\n') + '\n')
    return (await stat(directory, { bigint: true })).ino
  }

  async process (pid: number, cgroup: string, netns: number, startedTicks: number): Promise<void> {
    await this.write(`proc/${pid}/stat`, `${pid} (app) S 1 ${'1 '.repeat(17)}${startedTicks} 0`)
    await this.write(`proc/${pid}/cgroup`, cgroup)
    await mkdir(join(this.root, `proc/${pid}/ns`))
    await symlink(`net:[${netns}]`, join(this.root, `proc/${pid}/ns/net`))
  }

  async write (path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.root, path)), { recursive: true })
    await writeFile(join(this.root, path), text)
  }
}

test('what ran before the start is known, after its end as well', async () => {
  const m = await Machine.create()
  const cgroupId = await m.cgroup('unified', `${pod}/${id}`)
  await m.identities.start()
  assert.equal(m.identities.hierarchies.map(h => h.number), [0, 4], 'the cpu hierarchy kills nobody and is not followed')
  m.identities.cgroupRemoved(0, cgroupId)
  await m.clock.advance(59_000)
  const found = m.identities.of({ ...none, cgroupId })
  assert.equal(identityAttributes(found), {
    'container.id': id, 'k8s.pod.uid': '2ca4a155-3599-498d-bb9d-4446693fa3ea', 'tapio.k8s.pod.qos': 'burstable', 'process.linux.cgroup': `${pod}/${id}`, 'tapio.identity.via': 'cgroup'
  })
  await m.identities.stop()
})

test('a container that came and went between two looks is known from the kernel\'s events alone', async () => {
  const m = await Machine.create()
  await m.identities.start()
  await m.identities.cgroupCreated({ hierarchy: 0, id: 77n, parentId: 1n, path: `${pod}/${id}` })
  m.identities.cgroupRemoved(0, 77n)
  assert.is(m.identities.of({ ...none, cgroupId: 77n }).identity.containerId, id)
  assert.is(m.identities.counts.afterRemoval, 1)
  await m.identities.cgroupCreated({ hierarchy: 2, id: 78n, parentId: 1n, path: '/docker/x' })
  assert.is(m.identities.cgroups.lookup(2, 78n), undefined, 'of a hierarchy that is not followed')
  await m.identities.stop()
})

test('on a hybrid machine the memory controller\'s cgroup tells what v2 does not', async () => {
  const m = await Machine.create()
  const memcgId = await m.cgroup('memory', `/docker/${id}`)
  const cgroupId = await m.cgroup('unified', '/')
  await m.identities.start()
  const found = m.identities.of({ ...none, cgroupId, memcgId })
  assert.equal([found.identity.containerId, found.via, found.path], [id, 'memory_cgroup', `/docker/${id}`])
  await m.identities.stop()
})

test('a process in an unknown cgroup is asked about while it lives, unless its pid is somebody else\'s by now', async () => {
  const m = await Machine.create()
  await m.process(500, `4:memory:/docker/${id}\n0::/\n`, 9, 1000)
  await m.identities.start()
  const found = m.identities.of({ ...none, cgroupId: 999n, pid: 500, bootMs: 20_000 })
  assert.equal([found.identity.containerId, found.via, found.path], [id, 'process', `/docker/${id}`])
  assert.is(m.identities.of({ ...none, cgroupId: 999n, pid: 500, bootMs: 5000 }).via, 'none')
  await m.identities.stop()
})

test('a flood of unknown processes is read within a budget, and what was left out is counted', async () => {
  const m = await Machine.create()
  for (let n = 0; n < 1000; n++) m.identities.of({ ...none, pid: 100_000 + n })
  assert.equal([m.identities.counts.procReads, m.identities.counts.procReadsSkipped], [200, 800])
  await m.clock.advance(1000)
  m.identities.of({ ...none, pid: 1 })
  assert.is(m.identities.counts.procReads, 201)
})

test('a socket\'s namespace leads to its pod: from a walk, and from what events saw together', async () => {
  const m = await Machine.create()
  const other = 'b'.repeat(64)
  await m.process(500, '0::/\n', 9, 1000)
  await m.cgroup('unified', `${pod}/${id}`, [500])
  await m.identities.start()
  const first = m.identities.of({ ...none, netns: 9 })
  assert.equal([first.identity.kind, first.identity.containerId, first.via], ['container', id, 'netns'])
  await m.identities.cgroupCreated({ hierarchy: 0, id: 78n, parentId: 1n, path: `${pod}/${other}` })
  m.identities.observeNetns({ netns: 9, cgroupId: 78n, memcgId: 0n })
  const second = m.identities.of({ ...none, netns: 9 })
  assert.equal([second.identity.kind, second.identity.containerId, second.identity.podUid], ['pod', undefined, '2ca4a155-3599-498d-bb9d-4446693fa3ea'], 'of two containers neither is named')
  assert.is(m.identities.of({ ...none, netns: 4026531840 }).via, 'none', 'the machine\'s own is nobody\'s')
  await m.identities.stop()
})

test('a path that the record had no room for is read from its parent', async () => {
  const m = await Machine.create()
  const parentId = await m.cgroup('unified', pod)
  await m.identities.start()
  const childId = await m.cgroup('unified', `${pod}/${id}`)
  const asked = m.identities.cgroupCreated({ hierarchy: 0, id: childId, parentId, path: `${pod}/84`, cut: true })
  m.identities.cgroupRemoved(0, childId)
  await asked
  assert.ok(m.identities.cgroups.lookup(0, childId)?.removedAtMs !== undefined, 'an answer that comes late brings nothing back')
  assert.is(m.identities.of({ ...none, cgroupId: childId }).identity.containerId, id)
  await m.identities.stop()
})

test('a cgroup whose creation was lost is known from its second event on, and a flood of them walks once', async () => {
  const m = await Machine.create()
  await m.identities.start()
  const cgroupId = await m.cgroup('unified', `${pod}/${id}`)
  assert.is(m.identities.of({ ...none, cgroupId }).via, 'none')
  assert.is(m.identities.counts.walks, 1, 'not so soon after the last')
  await m.clock.advance(10_000)
  for (let n = 0; n < 100; n++) m.identities.of({ ...none, cgroupId })
  await m.identities.walk()
  assert.is(m.identities.counts.walks, 2)
  assert.is(m.identities.of({ ...none, cgroupId }).identity.containerId, id)
  await m.identities.stop()
})

test('walks again now and then, finds what no event told, and stops for good', async () => {
  const m = await Machine.create()
  const goneId = await m.cgroup('unified', '/system.slice/a.service')
  await m.identities.start()
  await rmdir(join(m.root, 'cg/unified/system.slice/a.service'))
  const newId = await m.cgroup('unified', '/system.slice/b.service')
  await m.clock.advance(300_000)
  await m.identities.walk()
  assert.is(m.identities.of({ ...none, cgroupId: newId }).identity.unit, 'b.service')
  // Made and removed directories may share an inode number on a disk; in cgroupfs they do not.
  if (newId !== goneId) assert.ok(m.identities.cgroups.lookup(0, goneId)?.removedAtMs !== undefined)
  await m.identities.stop()
  await m.identities.stop()
  assert.is(m.clock.pending, 0)
})

test.run()
