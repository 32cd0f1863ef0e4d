/** Scenario: made /proc and cgroup trees of the three layouts, and this machine's own. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findChild, findHierarchies, walkCgroups, type Cgroup, type Hierarchy } from './cgroup-tree.js'
import { parseProcStat, ProcFiles } from './proc-files.js'

const test = suite('cgroup tree')
const roots: string[] = []
test.after(async () => { for (const root of roots) await rm(root, { recursive: true }) })

async function machine (mountinfo: string, cgroup: string, directories: readonly string[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'tapio-cgroup-'))
  roots.push(root)
  for (const directory of ['proc/1', ...directories]) await mkdir(join(root, directory), { recursive: true })
  await writeFile(join(root, 'proc/1/mountinfo'), mountinfo)
  await writeFile(join(root, 'proc/1/cgroup'), cgroup)
  return root
}

async function all (hierarchy: Hierarchy, max = 1000): Promise<Cgroup[]> {
  const found: Cgroup[] = []
  for await (const cgroup of walkCgroups(hierarchy, max)) found.push(cgroup)
  return found
}

const v2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n'
const hybrid = '31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n34 30 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n'

test('cgroup v2: one hierarchy, every directory with its inode as id, parents first', async () => {
  const root = await machine(`1 1 0:2 / / rw - ext4 /dev/vda rw\n${v2}`, '0::/init.scope\n', ['sys/fs/cgroup/system.slice/a.service', 'sys/fs/cgroup/kubepods'])
  const hierarchies = await findHierarchies(root)
  assert.equal(hierarchies, [{ number: 0, controllers: [], directory: join(root, 'sys/fs/cgroup') }])
  const found = await all(hierarchies[0] as Hierarchy)
  assert.equal(found.map(c => c.path).sort(), ['/', '/kubepods', '/system.slice', '/system.slice/a.service'])
  for (const { id, path } of found) assert.is(id, (await stat(join(root, 'sys/fs/cgroup', path), { bigint: true })).ino)
  assert.ok(found.findIndex(c => c.path === '/system.slice') < found.findIndex(c => c.path === '/system.slice/a.service'))
  assert.is((await all(hierarchies[0] as Hierarchy, 2)).length, 2, 'bounded')
})

test('hybrid and v1: every hierarchy with the number /proc gives it, co-mounted controllers as one', async () => {
  const root = await machine(hybrid, '9:name=systemd:/\n4:memory:/x\n2:cpu,cpuacct:/\n0::/\n', ['sys/fs/cgroup/memory/docker'])
  assert.equal((await findHierarchies(root)).map(h => [h.number, h.controllers.join()]), [[0, ''], [2, 'cpu,cpuacct'], [4, 'memory'], [9, 'name=systemd']])
  const memory = (await findHierarchies(root)).find(h => h.controllers.includes('memory')) as Hierarchy
  const docker = (await all(memory)).find(c => c.path === '/docker') as Cgroup
  assert.is(docker.hierarchy, 4)
  assert.is(await findChild(memory, '/', docker.id), '/docker')
  assert.is(await findChild(memory, '/', 1n), undefined)
  assert.is(await findChild(memory, '/gone', 1n), undefined)
})

test('a mount of a part of a hierarchy and an odd mount point', async () => {
  const root = await machine(`35 30 0:26 /docker/x /mnt/part rw - cgroup2 cgroup2 rw\n36 30 0:26 / /mnt/a\\040b rw - cgroup2 cgroup2 rw\nbroken line\n`, '0::/\n', ['mnt/a b'])
  assert.equal((await findHierarchies(root)).map(h => h.directory), [join(root, 'mnt/a b')])
})

test('a machine without cgroups or without /proc has none', async () => {
  assert.equal(await findHierarchies(await machine('', '', [])), [])
  assert.equal(await findHierarchies('/does/not/exist'), [])
})

test('a process whose name looks like fields, and text that is no stat', () => {
  const fields = `S 17 ${'1 '.repeat(17)}12345 0 0`
  assert.equal(parseProcStat(`42 (a) b (c) ${fields}`), { pid: 42, parentPid: 17, comm: 'a) b (c', startedMs: 123450 })
  for (const text of ['', '42', '42 (x)', '42 (x) S', ') 42 (x S 1']) assert.is(parseProcStat(text), undefined, text)
})

test('a process that is gone is no error', () => {
  const proc = new ProcFiles('/does/not/exist')
  assert.equal([proc.stat(1), proc.cgroups(1), proc.netns(1), proc.members('/nowhere', 5)], [undefined, [], 0, []])
})

if (existsSync('/proc/self/cgroup')) {
  test('this machine: its own process is in a cgroup that the walk finds under the same id', async () => {
    const proc = new ProcFiles()
    const own = proc.stat(process.pid)
    assert.is(own?.parentPid, process.ppid)
    assert.ok(proc.netns(process.pid) > 0)
    const hierarchies = await findHierarchies()
    const line = proc.cgroups(process.pid).find(l => hierarchies.some(h => h.number === l.hierarchy))
    if (line === undefined) { console.log('SKIP this machine: no whole cgroup hierarchy is mounted'); return }
    const hierarchy = hierarchies.find(h => h.number === line.hierarchy) as Hierarchy
    const directory = join(hierarchy.directory, line.path)
    // Another's cgroup namespace, or a test runner that was moved meanwhile.
    if (!existsSync(directory)) { console.log('SKIP this machine: its own cgroup is not below the mount'); return }
    const found = (await all(hierarchy, 100_000)).find(c => c.path === line.path)
    assert.is(found?.id, (await stat(directory, { bigint: true })).ino)
    assert.ok(proc.members(directory, 1e6).includes(process.pid) || !(await readFile(join(directory, 'cgroup.procs'), 'utf8')).includes(String(process.pid)))
  })
} else {
  console.log('SKIP this machine: no /proc')
}

test.run()
