/**
 * Lines as kernels print them; the corpus names what each must become, and lines that look alike and tell of no fault.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../core/data/testing/random.js'
import { kernelRules, readKernelLine } from './kernel-lines.js'

const test = suite('kernel lines')

const corpus: readonly (readonly [line: string, name: string, more?: object])[] = [
  ['INFO: task kworker/u16:3:12345 blocked for more than 120 seconds.', 'hung_task', { pid: 12345, comm: 'kworker/u16:3', condition: 'TaskHung', attributes: { 'linux.seconds': '120' } }],
  ['INFO: task docker:20744 blocked for more than 120 seconds.', 'hung_task', { pid: 20744, comm: 'docker', condition: 'DockerHung' }],
  ['INFO: task sync:77 blocked in I/O wait for more than 122 seconds.', 'hung_task', { pid: 77 }],
  ['watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [stress:4242]', 'soft_lockup', { pid: 4242, attributes: { 'linux.cpu': '1', 'linux.seconds': '22' } }],
  ['NMI watchdog: Watchdog detected hard LOCKUP on cpu 3', 'hard_lockup'],
  ['rcu: INFO: rcu_preempt self-detected stall on CPU', 'rcu_stall'],
  ['rcu: INFO: rcu_sched detected stalls on CPUs/tasks:', 'rcu_stall'],
  ['unregister_netdevice: waiting for eth0 to become free. Usage count = 1', 'unregister_netdevice', { interfaceName: 'eth0', condition: 'UnregisterNetDevice' }],
  ['BUG: unable to handle kernel NULL pointer dereference at 00000000000000f0', 'kernel_oops', { condition: 'KernelOops' }],
  ['BUG: kernel NULL pointer dereference, address: 0000000000000008', 'kernel_oops'],
  ['divide error: 0000 [#0] SMP', 'kernel_oops'],
  ['Oops: 0002 [#1] SMP PTI', 'kernel_oops'],
  ['kernel BUG at mm/slub.c:305!', 'kernel_oops'],
  ['Kernel panic - not syncing: Fatal exception', 'kernel_panic', { attributes: { 'linux.reason': 'Fatal exception' } }],
  ['EXT4-fs (sda1): Remounting filesystem read-only', 'filesystem_read_only', { condition: 'FilesystemIsReadOnly', attributes: { 'linux.filesystem': 'EXT4-fs', 'linux.device': 'sda1' } }],
  ['BTRFS info (device sdb state E): forced readonly', 'filesystem_read_only', { attributes: { 'linux.filesystem': 'BTRFS', 'linux.device': 'sdb' } }],
  ['Remounting filesystem read-only', 'filesystem_read_only'],
  ['XFS (dm-3): I/O Error Detected. Shutting down filesystem', 'filesystem_shutdown', { condition: 'XfsHasShutdown' }],
  ['XFS (sda1): Log I/O Error (0x5) detected at xlog_ioend_work+0x9a/0xb0. Shutting down filesystem.', 'filesystem_shutdown'],
  ['EXT4-fs error (device sda1): ext4_find_entry:1465: inode #2: comm ls: reading directory lblock 0', 'filesystem_error', { condition: 'Ext4Error', attributes: { 'linux.filesystem': 'EXT4-fs', 'linux.device': 'sda1' } }],
  ['EXT4-fs warning (device dm-0): ext4_end_bio:323: I/O error 10 writing to inode 57', 'filesystem_warning', { condition: 'Ext4Warning' }],
  ['XFS (sda2): Metadata CRC error detected at xfs_agf_read_verify+0x70/0xf0', 'filesystem_error'],
  ['BTRFS error (device sdc): parent transid verify failed on 31302336 wanted 62455 found 62456', 'filesystem_error'],
  ['blk_update_request: I/O error, dev sda, sector 123456 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0', 'io_error', { condition: 'IOError', attributes: { 'linux.device': 'sda', 'linux.sector': '123456' } }],
  ['I/O error, dev nvme0n1, sector 2048 op 0x1:(WRITE) flags 0x800 phys_seg 4 prio class 2', 'io_error'],
  ['print_req_error: critical medium error, dev sdb, sector 99', 'io_error'],
  ['Buffer I/O error on device sda1, logical block 0', 'io_error', { condition: 'IOError' }],
  ['Buffer I/O error on dev dm-2, logical block 77, lost async page write', 'io_error', { attributes: { 'linux.device': 'dm-2', 'linux.block': '77' } }],
  ['Aborting journal on device dm-0-8.', 'io_error', { attributes: { 'linux.device': 'dm-0-8' } }],
  ['sd 2:0:0:0: [sdb] rejecting I/O to offline device', 'disk_offline'],
  ['sd 2:0:0:0: rejecting I/O to dead device', 'disk_offline'],
  ['nvme nvme0: I/O 12 QID 3 timeout, aborting', 'nvme_timeout', { attributes: { 'linux.device': 'nvme0' } }],
  ['nvme nvme1: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0xffff', 'nvme_timeout'],
  ['mce: [Hardware Error]: CPU 2: Machine Check: 0 Bank 8: 8c00004000010091', 'machine_check'],
  ['mce: [Hardware Error]: Machine check events logged', 'machine_check'],
  ['EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#0_DIMM#0 (channel:0 slot:0)', 'memory_error', { condition: 'MemoryReadError', attributes: { 'linux.controller': 'MC0', 'linux.count': '1', 'linux.kind': 'CE' } }],
  ['CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#1', 'memory_error', { condition: 'MemoryReadError' }],
  ['Memory failure: 0x12345: recovery action for dirty LRU page: Recovered', 'memory_failure', { attributes: { 'linux.page': '0x12345' } }],
  ['kswapd0: page allocation failure: order:2, mode:0x40dc0(GFP_KERNEL|__GFP_COMP|__GFP_ZERO), nodemask=(null)', 'allocation_failure', { comm: 'kswapd0', attributes: { 'linux.order': '2' } }],
  ['crash[4321]: segfault at 0 ip 00005581d2b4c139 sp 00007ffe2ac3f4b0 error 6 in crash[5581d2b4c000+1000]', 'segfault', { pid: 4321, comm: 'crash' }],
  ['Web Content[99]: segfault at 7f1 ip 00007f8 sp 00007ffe error 4', 'segfault', { pid: 99, comm: 'Web Content' }],
  ['traps: node[888] general protection fault ip:7f0 sp:7ff error:0 in libc.so.6[7f0+1000]', 'trap', { pid: 888, comm: 'node' }],
  ['traps: a.out[5] trap invalid opcode ip:401106 sp:7ffd error:0 in a.out[401000+1000]', 'trap', { pid: 5 }],
  ['NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out', 'nic_tx_timeout', { interfaceName: 'eth0', attributes: { 'linux.driver': 'e1000e', 'linux.queue': '0' } }],
  ['NETDEV WATCHDOG: CPU: 3: ens5 (ena): transmit queue 1 timed out 5120 ms', 'nic_tx_timeout', { interfaceName: 'ens5' }],
  ['e1000e 0000:00:19.0 eth0: NIC Link is Down', 'nic_link_down', { interfaceName: 'eth0' }],
  ['e1000e: eth1 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: None', 'nic_link_up', { interfaceName: 'eth1' }],
  ['mlx5_core 0000:3b:00.0 ens1f0: Link down', 'nic_link_down', { interfaceName: 'ens1f0' }],
  ['mlx5_core 0000:3b:00.0 ens1f0: Link up', 'nic_link_up', { interfaceName: 'ens1f0' }],
  ['igb 0000:01:00.0 eno1: igb: eno1 NIC Link is Down', 'nic_link_down', { interfaceName: 'eno1' }],
  ['tg3 0000:02:00.0 em1: Link is down', 'nic_link_down', { interfaceName: 'em1' }],
  ['r8169 0000:03:00.0 enp3s0: Link is Up - 1Gbps/Full - flow control off', 'nic_link_up', { interfaceName: 'enp3s0' }],
  ['nf_conntrack: nf_conntrack: table full, dropping packet', 'conntrack_full'],
  ['neighbour: arp_cache: neighbor table overflow!', 'neighbour_table_full'],
  ['TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:8080. Sending cookies.', 'syn_flooding', { attributes: { 'linux.endpoint': '0.0.0.0:8080' } }],
  ['mce: CPU7: Core temperature/speed above threshold, cpu clock throttled (total events = 1)', 'cpu_throttled', { attributes: { 'linux.cpu': '7' } }],
  ['VFS: file-max limit 1024 reached', 'file_table_full', { attributes: { 'linux.limit': '1024' } }]
]

for (const [line, name, more = {}] of corpus) {
  test(line, () => {
    const found = readKernelLine(line)
    assert.is(found?.name, name)
    for (const [key, value] of Object.entries(more)) {
      if (key === 'attributes') for (const [a, v] of Object.entries(value as object)) assert.is(found?.attributes[a], v, a)
      else assert.is(found?.[key as keyof typeof found], value, key)
    }
  })
}

const harmless = [
  'EXT4-fs (sda1): mounted filesystem with ordered data mode. Opts: (null). Quota mode: none.',
  'XFS (sda2): Ending clean mount', 'BTRFS info (device sdb): using crc32c (crc32c-intel) checksum algorithm',
  'IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready', 'cni0: port 1(veth34393f24) entered disabled state',
  'audit: type=1400 apparmor="DENIED" operation="open"', 'mce: Using 10 MCE banks', 'EDAC MC: Ver: 3.0.0',
  'NET: Registered PF_INET6 protocol family', 'new mount options do not match the existing superblock, will be ignored',
  'task docker is running', 'nvme nvme0: 8/0/0 default/read/poll queues', ''
]
for (const line of harmless) test(`tells of no fault: ${line}`, () => { assert.is(readKernelLine(line), undefined) })

test('every rule has a line here that it decides', () => {
  const hit = new Set(corpus.map(([line]) => kernelRules.find(r => r.pattern.test(line))))
  assert.equal(kernelRules.filter(r => !hit.has(r)).map(r => `${r.name} ${r.pattern}`), [])
})

test('any line is read: pieces of real ones joined, and long ones', () => {
  const { below: int, pick } = seeded(4711)
  for (let i = 0; i < 20_000; i++) {
    const [a, b] = [pick(corpus)[0], pick(corpus)[0]]
    const line = a.slice(0, int(a.length)) + String.fromCharCode(int(0xffff)) + b.slice(int(b.length))
    readKernelLine(line)
  }
  for (const [line] of corpus) readKernelLine(line.repeat(1000))
})

test.run()
