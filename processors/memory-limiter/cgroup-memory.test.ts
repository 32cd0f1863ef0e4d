/**
 * Scenario: process and control groups as files, as kernels, Docker and Kubernetes show them: both versions, nested limits, no limits, mounts
 * that show a container as the root, files that are missing or odd. Guarantees: the smallest limit on the way counts, with what its group holds
 * beyond what the kernel can take back; what cannot be read is no limit.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { totalmem, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cgroupMemory } from './cgroup-memory.js'
import { systemMemory } from './memory-source.js'

const mib = 2 ** 20
const test = suite<{ root: string }>('memory of control groups')
test.before.each(context => { context.root = mkdtempSync(join(tmpdir(), 'tapio-cgroup-')) })
test.after.each(({ root }) => { rmSync(root, { recursive: true }) })

function write (root: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
}

const v2Mount = (mountRoot = '/'): string => `30 23 0:26 ${mountRoot} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n`
const v1Mount = (mountRoot = '/'): string => `31 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n35 31 0:32 ${mountRoot} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n`
const stat2 = (file: number, slab: number): string => `anon 1000\nfile ${file}\ninactive_file ${file / 2}\nactive_file ${file / 2}\nslab_reclaimable ${slab}\nslab_unreclaimable 5\n`

test('version 2: the smallest limit from the process up to the root, with its own usage', ({ root }) => {
  write(root, {
    'proc/self/mountinfo': v2Mount(), 'proc/self/cgroup': '0::/kubepods/pod1/app\n',
    'sys/fs/cgroup/memory.max': 'max\n',
    'sys/fs/cgroup/kubepods/memory.max': `${4096 * mib}\n`,
    'sys/fs/cgroup/kubepods/pod1/memory.max': `${300 * mib}\n`, 'sys/fs/cgroup/kubepods/pod1/memory.current': `${280 * mib}\n`, 'sys/fs/cgroup/kubepods/pod1/memory.stat': stat2(100 * mib, 10 * mib),
    'sys/fs/cgroup/kubepods/pod1/memory.pressure': 'some avg10=60.00 avg60=1 avg300=0 total=1\nfull avg10=25.50 avg60=0.00 avg300=0.00 total=9\n',
    'sys/fs/cgroup/kubepods/pod1/app/memory.max': `${512 * mib}\n`
  })
  const found = cgroupMemory(root)
  assert.equal([found?.directory, found?.limitBytes, found?.usedBytes(), found?.stalled()], [join(root, 'sys/fs/cgroup/kubepods/pod1'), 300 * mib, 170 * mib, 0.255])
  const source = systemMemory(root)
  assert.equal([source.totalBytes, source.groupUsedBytes(), source.stalled()], [300 * mib, 170 * mib, 0.255])
})

test('version 2 in a container: the mount is its own group, whatever its path', ({ root }) => {
  for (const [mountRoot, path] of [['/', '/'], ['/docker/abc', '/docker/abc'], ['/docker/abc', '/elsewhere'], ['/', '/../../init']] as const) {
    write(root, { 'proc/self/mountinfo': v2Mount(mountRoot), 'proc/self/cgroup': `0::${path}\n`, 'sys/fs/cgroup/memory.max': `${200 * mib}`, 'sys/fs/cgroup/memory.current': `${50 * mib}`, 'sys/fs/cgroup/memory.stat': stat2(0, 0) })
    assert.equal([cgroupMemory(root)?.limitBytes, cgroupMemory(root)?.usedBytes()], [200 * mib, 50 * mib], path)
  }
})

test('version 1: its own names, and a number near 2^63 is no limit', ({ root }) => {
  write(root, {
    'proc/self/mountinfo': v1Mount(), 'proc/self/cgroup': '3:cpu,cpuacct:/x\n4:memory:/a/b\n0::/other\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n', 'sys/fs/cgroup/memory/a/memory.limit_in_bytes': '9223372036854771712\n',
    'sys/fs/cgroup/memory/a/b/memory.limit_in_bytes': `${256 * mib}\n`, 'sys/fs/cgroup/memory/a/b/memory.usage_in_bytes': `${200 * mib}\n`,
    'sys/fs/cgroup/memory/a/b/memory.stat': `inactive_file 1\ntotal_inactive_file ${30 * mib}\ntotal_active_file ${20 * mib}\n`
  })
  const found = cgroupMemory(root)
  assert.equal([found?.limitBytes, found?.usedBytes(), found?.stalled()], [256 * mib, 150 * mib, undefined])
})

test('no limit, no control groups, files that say nothing: the machine counts, and the process', ({ root }) => {
  const cases: Readonly<Record<string, string>>[] = [
    {}, { 'proc/self/mountinfo': v2Mount(), 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/memory.max': 'max\n' },
    { 'proc/self/mountinfo': 'nonsense\n - \n', 'proc/self/cgroup': 'nonsense\n' }, { 'proc/self/mountinfo': v2Mount(), 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/memory.max': '-1 x\n' }
  ]
  for (const files of cases) {
    rmSync(root, { recursive: true })
    mkdirSync(root)
    write(root, { ...files, 'proc/self/status': `VmRSS:\t  999 kB\nRssAnon:\t  ${100 * 1024} kB\nRssFile:\t  ${500 * 1024} kB\nRssShmem:\t  2048 kB\n` })
    assert.is(cgroupMemory(root), undefined)
    const source = systemMemory(root)
    assert.equal([source.totalBytes, source.of, source.groupUsedBytes(), source.ownUsedBytes(), source.stalled()], [totalmem(), 'the machine', (102 + 64) * mib, (102 + 64) * mib, 0])
  }
})

test('a group that goes away while it is looked at: what the process uses counts', ({ root }) => {
  write(root, { 'proc/self/mountinfo': v2Mount(), 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/memory.max': String(mib), 'proc/self/status': 'RssAnon:\t 10 kB\nRssFile:\t 5 kB\n' })
  const source = systemMemory(root)
  assert.equal([source.totalBytes, source.groupUsedBytes(), source.stalled()], [mib, 15 * 1024, 0])
})

test('the kernel\'s own files of this process', () => {
  const source = systemMemory()
  assert.ok(source.totalBytes <= totalmem() && source.totalBytes > 0)
  if (process.platform !== 'linux') return
  const rss = process.memoryUsage.rss()
  assert.ok(source.ownUsedBytes() > rss / 4 && source.ownUsedBytes() < rss * 2, `${source.ownUsedBytes()} of ${rss}`)
  source.trim()
})

test.run()
