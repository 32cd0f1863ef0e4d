// Runs as the only program of a virtual machine: loads every kernel program, makes an OOM kill in a cgroup and one of the whole
// machine, a refused connect over IPv4 and IPv6 and a reset, and prints what was seen as lines of JSON behind `TAPIO `. Plain Node, as it is copied in beside dist/.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { KernelSession, readRecord, sweepReclaims } from '../../native/index.js'

const say = object => console.log(`TAPIO ${JSON.stringify(object, (_key, value) => typeof value === 'bigint' ? String(value) : value)}`)
const release = readFileSync('/proc/version', 'utf8').split(' ')[2]
const session = KernelSession.open({ programs: ['cgroup', 'process', 'memory', 'network', 'syscalls'], ringBytes: 1 << 20, settings: () => ({}) })
if ('unavailable' in session) say({ release, unavailable: session.unavailable })
else await watch()

async function watch () {
  say({ release, hooks: session.hooks.map(({ program, hook, unavailable }) => ({ program, hook, unavailable })) })
  const group = '/sys/fs/cgroup/pod'
  writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+memory')
  mkdirSync(group)
  writeFileSync(`${group}/memory.max`, String(60 << 20))
  const eat = `exec ${process.execPath} -e 'const a=[];for(;;)a.push(Buffer.alloc(1<<20,1))'`
  spawnSync('/bin/sh', ['-c', `echo $$ > ${group}/cgroup.procs; ${eat}`])
  // Without a limit but the machine's memory: the kernel is told whom to choose.
  const { signal } = spawnSync('/bin/sh', ['-c', `echo 1000 > /proc/self/oom_score_adj; ${eat}`])
  say({ release, machineOom: signal })
  for (const host of ['127.0.0.1', '::1']) await failure(81, host, () => undefined)
  const server = net.createServer(c => c.once('data', () => c.resetAndDestroy()))
  await new Promise(resolve => server.listen(82, '127.0.0.1', resolve))
  await failure(82, '127.0.0.1', socket => socket.write('x'))
  session.detach()
  const seen = []
  for (let drained = session.drain(); drained.count > 0; drained = session.drain()) {
    for (let i = 0; i < drained.count; i++) {
      const start = drained.index[2 * i]
      const record = readRecord(drained.bytes.subarray(start, start + drained.index[2 * i + 1]))
      seen.push({ name: record.name, comm: record.comm, error: record.error, family: record['flow.family'], limit: record.limit_bytes, limitOf: record.limit_memcg_id, drop: record.name === 'packet_drop' ? session.facts.dropReasons.get(record.reason) : undefined })
    }
  }
  for (const row of sweepReclaims(session)) {
    const { name, comm, memcg_stalls: memcg, global_stalls: machine } = readRecord(row)
    seen.push({ name, comm, memcg, machine })
  }
  say({ release, seen })
  session.close()
  server.close()
}

/** Resolves when the connection has failed. */
function failure (port, host, connected) {
  return new Promise(resolve => {
    const socket = net.connect(port, host, () => { connected(socket) })
    socket.on('error', resolve)
  })
}
