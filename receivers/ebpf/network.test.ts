/**
 * Network incidents between namespaces, made for real and seen by the receiver, as root. Elsewhere skipped, and it is said why.
 * ENETUNREACH (no route) is not among them: the kernel answers it before any socket changes state, so no hook runs.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventRow } from '../../core/data/row.js'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { has, Namespaces, sh } from './testing/namespaces.js'
import { watch, type Watch } from './testing/watch.js'

const fault = kernelTestFault() || ['ip', 'nft', 'tc'].filter(p => !has(p)).map(p => `${p} is not installed`).join(', ')
if (fault !== '') console.log(`SKIP network incidents: ${fault}`)

const network = suite<{ spaces: Namespaces, watching: Watch }>('network incidents')
const incident = fault === '' ? network : network.skip

network.before(async context => {
  if (fault !== '') return
  context.spaces = new Namespaces()
  const { a, b } = context.spaces
  context.watching = await watch({ programs: ['network'], filters: { include_netns: [a.inode, b.inode] }, poll_interval: 2, slow_connect: 3_600_000 })
})

network.after(async context => {
  if (fault !== '') return
  await context.watching.stop()
  await context.spaces.close()
})

const named = (name: string, port: number) => (e: EventRow): boolean => e.get('name') === name && (e.get('destinationPort') === port || e.get('sourcePort') === port)

/** Source, its namespace, and destination as text. */
function ends (e: EventRow): string {
  return `${e.get('sourceAddress')} -> ${e.get('destinationAddress')}:${e.get('destinationPort')} in ${e.attribute('linux.netns')}`
}

incident('refused: the caller is named, with both ends and the time it took', async ({ spaces, watching }) => {
  const { a, b } = spaces
  assert.is(await spaces.connect(a, b.v4, 8001), 'ECONNREFUSED')
  const e = await watching.seen('refused connect', named('tcp_connect_refused', 8001))
  assert.is(ends(e), `${a.v4} -> ${b.v4}:8001 in ${a.inode}`)
  assert.is(e.get('comm'), 'node')
  assert.is(e.get('returnCode'), -111)
  assert.is(e.attribute('error.type'), 'ECONNREFUSED')
  assert.is(e.get('protocol'), 'tcp')
  assert.ok((e.get('pid') ?? 0) > 0 && (e.get('sourcePort') ?? 0) > 0 && (e.get('durationNano') ?? 0n) > 0n)
  assert.is(e.severityName, 'error')
  assert.match(e.get('message') ?? '', /^connect to 10\.99\.0\.2:8001 from 10\.99\.0\.1:\d+ by node \(pid \d+\) was refused after /)
  // The side that answered, by its namespace; and the packet that found no socket.
  const sent = await watching.seen('reset sent', named('tcp_reset_sent', 8001))
  assert.is(`${sent.get('sourceAddress')}:${sent.get('sourcePort')} in ${sent.attribute('linux.netns')}`, `${b.v4}:8001 in ${b.inode}`)
  const dropped = await watching.seen('drop', named('packet_drop', 8001))
  assert.is(dropped.attribute('linux.skb.drop_reason'), 'NO_SOCKET')
})

incident('refused over IPv6', async ({ spaces, watching }) => {
  const { a, b } = spaces
  assert.is(await spaces.connect(a, b.v6, 8002), 'ECONNREFUSED')
  const e = await watching.seen('refused connect', named('tcp_connect_refused', 8002))
  assert.is(ends(e), `${a.v6} -> ${b.v6}:8002 in ${a.inode}`)
})

incident('reset by the peer', async ({ spaces, watching }) => {
  const { a, b } = spaces
  await spaces.start(b, `require('net').createServer(s=>s.once('data',()=>s.resetAndDestroy())).listen(8003,'${b.v4}',()=>console.log('up'))`)
  const { line } = await spaces.start(a, `require('net').connect(8003,'${b.v4}',function(){this.write('x')}).on('error',e=>console.log(e.code))`)
  assert.is(line, 'ECONNRESET')
  const e = await watching.seen('reset connection', named('tcp_connection_reset', 8003))
  assert.is(ends(e), `${a.v4} -> ${b.v4}:8003 in ${a.inode}`)
  assert.is(e.attribute('error.type'), 'ECONNRESET')
  assert.is(e.get('comm'), 'node')
  const sent = await watching.seen('reset sent by the server', x => named('tcp_reset_sent', 8003)(x) && x.get('pid') !== undefined)
  assert.is(sent.attribute('linux.netns'), BigInt(b.inode))
  await watching.seen('reset received', named('tcp_reset_received', 8003))
})

incident('a firewall that drops: the packet with its reason, the retransmit, and the caller that gives up', async ({ spaces, watching }) => {
  const { a, b } = spaces
  sh('ip', 'netns', 'exec', b.name, 'nft', 'add table ip t; add chain ip t c { type filter hook input priority 0; }; add rule ip t c tcp dport 8004 drop')
  assert.is(await spaces.connect(a, b.v4, 8004, 1500), 'waiting')
  const e = await watching.seen('drop', named('packet_drop', 8004))
  assert.is(e.attribute('linux.skb.drop_reason'), 'NETFILTER_DROP')
  assert.is(ends(e), `${a.v4} -> ${b.v4}:8004 in ${b.inode}`)
  assert.is(e.get('direction'), 'receive')
  await watching.seen('retransmit', named('tcp_retransmit', 8004))
  const given = await watching.seen('abandoned connect', named('tcp_connect_abandoned', 8004))
  assert.is(given.get('comm'), 'node')
  assert.ok((given.get('durationNano') ?? 0n) >= 1_000_000_000n)
})

incident('a firewall that rejects with ICMP, as kube-proxy does, refuses', async ({ spaces, watching }) => {
  const { a, b } = spaces
  sh('ip', 'netns', 'exec', b.name, 'nft', 'add table ip r; add chain ip r c { type filter hook input priority 0; }; add rule ip r c tcp dport 8008 reject with icmp type port-unreachable')
  assert.is(await spaces.connect(a, b.v4, 8008), 'ECONNREFUSED')
  const e = await watching.seen('refused connect', named('tcp_connect_refused', 8008))
  assert.is(ends(e), `${a.v4} -> ${b.v4}:8008 in ${a.inode}`)
  assert.equal([e.get('returnCode'), e.attribute('error.type'), e.get('comm')], [-111, 'ECONNREFUSED', 'node'])
})

incident('a firewall that drops IPv6 until the caller\'s time is over: the reason, the retransmit, and the timeout', async ({ spaces, watching }) => {
  const { a, b } = spaces
  // One SYN more and no further ones at a steady pace (Linux 6.5): 3 s instead of two minutes.
  const patience = (retries: number, steady: number): void => { sh('ip', 'netns', 'exec', a.name, 'sh', '-c', `cd /proc/sys/net/ipv4; echo ${retries} > tcp_syn_retries; [ ! -e tcp_syn_linear_timeouts ] || echo ${steady} > tcp_syn_linear_timeouts`) }
  sh('ip', 'netns', 'exec', b.name, 'nft', 'add table ip6 t; add chain ip6 t c { type filter hook input priority 0; }; add rule ip6 t c tcp dport 8007 drop')
  patience(1, 0)
  assert.is(await spaces.connect(a, b.v6, 8007), 'ETIMEDOUT')
  patience(6, 4)
  const e = await watching.seen('drop', named('packet_drop', 8007))
  assert.is(e.attribute('linux.skb.drop_reason'), 'NETFILTER_DROP')
  assert.is(ends(e), `${a.v6} -> ${b.v6}:8007 in ${b.inode}`)
  await watching.seen('retransmit', named('tcp_retransmit', 8007))
  const late = await watching.seen('timeout', named('tcp_connect_timeout', 8007))
  assert.is(ends(late), `${a.v6} -> ${b.v6}:8007 in ${a.inode}`)
  assert.is(late.attribute('error.type'), 'ETIMEDOUT')
  assert.is(late.get('comm'), 'node')
})

incident('nobody answers ARP: the drop, and the caller\'s error', async ({ spaces, watching }) => {
  const { a } = spaces
  assert.is(await spaces.connect(a, '10.99.0.77', 8005), 'EHOSTUNREACH')
  const e = await watching.seen('drop', named('packet_drop', 8005))
  assert.is(e.attribute('linux.skb.drop_reason'), 'NEIGH_FAILED')
  assert.is(ends(e), `${a.v4} -> 10.99.0.77:8005 in ${a.inode}`)
  assert.is(e.get('direction'), 'transmit')
  const failed = await watching.seen('failed connect', named('tcp_connect_unreachable', 8005))
  assert.is(failed.attribute('error.type'), 'EHOSTUNREACH')
})

incident('a server that does not accept', async ({ spaces, watching }) => {
  const { a, b } = spaces
  // Blocks its own loop, so the kernel's queue (1, and one more) fills up.
  await spaces.start(b, `const fs=require('fs');require('net').createServer().listen({port:8006,host:'${b.v4}',backlog:1},()=>{fs.writeSync(1,'up\\n');for(const e=Date.now()+60000;Date.now()<e;);})`)
  const { child } = await spaces.start(a, `for(let i=0;i<4;i++)require('net').connect(8006,'${b.v4}');console.log('on')`)
  const e = await watching.seen('full accept queue', named('listen_overflow', 8006))
  assert.is(e.get('sourceAddress'), b.v4)
  assert.is(e.get('comm'), 'node')
  assert.is(e.attribute('linux.tcp.accept_queue_limit'), 1n)
  assert.is(e.attribute('linux.netns'), BigInt(b.inode))
  child.kill('SIGKILL')
})

incident('a queue over its limit: outgoing packets with the device\'s namespace', async ({ spaces, watching }) => {
  const { a, b } = spaces
  sh('tc', '-n', a.name, 'qdisc', 'add', 'dev', 'va', 'root', 'tbf', 'rate', '8kbit', 'burst', '2kb', 'limit', '3000')
  await spaces.start(a, `const s=require('dgram').createSocket('udp4');let n=0;for(let i=0;i<8;i++)s.send(Buffer.alloc(1000),8007,'${b.v4}',()=>{if(++n===8){console.log('sent');s.close()}})`)
  const e = await watching.seen('drop', x => named('packet_drop', 8007)(x) && x.get('direction') === 'transmit')
  assert.match(String(e.attribute('linux.skb.drop_reason')), /^QDISC_/)
  assert.is(ends(e), `${a.v4} -> ${b.v4}:8007 in ${a.inode}`)
  assert.is(e.get('protocol'), 'udp')
})

incident('nothing of other namespaces was reported, and every row has its raw record', ({ spaces: { a, b }, watching }) => {
  const events = watching.events()
  assert.equal([...new Set(events.map(e => Number(e.attribute('linux.netns'))))].filter(n => n !== a.inode && n !== b.inode), [])
  assert.ok(events.every(e => e.raw?.length === 112 || e.raw?.length === 120 || e.raw?.length === 128))
  assert.equal(watching.status.events, ['ok'])
})

network.run()
