import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OomLines } from './oom-lines.js'

const test = suite('oom lines')
const pod = '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-a.scope'

test('the report of a memory cgroup becomes one kill', () => {
  const lines = new OomLines()
  assert.is(lines.read('python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=968'), 'context')
  assert.is(lines.read('Tasks state (memory values in pages):'), undefined)
  assert.is(lines.read(`oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,mems_allowed=0,oom_memcg=${pod},task_memcg=${pod}/sub,task=python3,pid=31337,uid=1000`), 'context')
  assert.equal(lines.read('Memory cgroup out of memory: Killed process 31337 (python3) total-vm:150392kB, anon-rss:131000kB, file-rss:4096kB, shmem-rss:0kB, UID:1000 pgtables:320kB oom_score_adj:968'), {
    pid: 31337, comm: 'python3', constraint: 'memcg', uid: 1000, anonBytes: 134144000n, scoreAdj: 968, victimCgroup: `${pod}/sub`, limitCgroup: pod, triggerComm: 'python3'
  })
  assert.equal(lines.read('oom_reaper: reaped process 31337 (python3), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB'), undefined)
})

test('a machine that ran out of memory', () => {
  const lines = new OomLines()
  lines.read('oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/db.service,task=postgres,pid=9,uid=70')
  const kill = lines.read('Out of memory: Killed process 9 (postgres) total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:0kB, UID:70 pgtables:4kB oom_score_adj:-900')
  assert.equal(kill, { pid: 9, comm: 'postgres', constraint: 'none', uid: 70, anonBytes: 2048n, scoreAdj: -900, victimCgroup: '/system.slice/db.service' })
})

test('older wordings, names with brackets, and a summary of another victim', () => {
  const old = new OomLines()
  assert.is(old.read('Memory cgroup out of memory: Kill process 1012 (stress) score 1000 or sacrifice child'), undefined)
  assert.equal(old.read('Killed process 1012 (stress) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB'), { pid: 1012, comm: 'stress', constraint: 'none', anonBytes: 4096n })
  assert.equal(old.read('Memory cgroup out of memory: Killed process 5 ((sd-pam)) total-vm:8kB, anon-rss:4kB, file-rss:0kB'), { pid: 5, comm: '(sd-pam)', constraint: 'memcg', anonBytes: 4096n })
  const other = new OomLines()
  other.read('oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=x,pid=1,uid=0')
  assert.equal(other.read('Out of memory: Killed process 2 (y) total-vm:8kB, anon-rss:4kB, file-rss:0kB'), { pid: 2, comm: 'y', constraint: 'none', anonBytes: 4096n })
})

test('a cgroup and a task whose names hold the report\'s own words', () => {
  const lines = new OomLines()
  lines.read('oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,b,task_memcg=/a,b/c,task=x,pid=1,uid=5,pid=77,uid=6')
  const kill = lines.read('Memory cgroup out of memory: Killed process 77 (x,pid=1,uid=5) total-vm:8kB, anon-rss:4kB, file-rss:0kB')
  assert.ok(kill !== undefined && kill !== 'context')
  assert.is(kill.victimCgroup, '/a,b/c')
  assert.is(kill.limitCgroup, '/a,b')
})

test('any line is read', () => {
  const lines = new OomLines()
  for (const line of ['', 'oom-kill:constraint=', 'Killed process', 'Killed process 1', `Killed process 1 (${'('.repeat(10_000)}`, 'oom-kill:constraint=CONSTRAINT_MEMCG'.repeat(2000), ','.repeat(100_000)]) {
    assert.not.type(lines.read(line), 'object')
  }
})

test.run()
