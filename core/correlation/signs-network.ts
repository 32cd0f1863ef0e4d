/** Signs in connections and packets (ebpf), interfaces and CNI (cni), and the kernel's lines about the network (systemd). */
import { Severity } from '../data/enums.js'
import { always, detailOf, nothing, textOf, type Recognise, type RowFacts, type SignName } from './signs.js'

/** The kernel gives ports from here on to who connects (net.ipv4.ip_local_port_range). */
const firstEphemeral = 32768

/** `10.0.0.7:3306`, `[fd00::1]:80`; '' when nobody is named. Of a client its port says nothing. */
export function peerOf (row: RowFacts): string {
  const host = row.get('destinationAddress') ?? ''
  if (host === '') return ''
  const [port, own] = [row.get('destinationPort') ?? 0, row.get('sourcePort') ?? 0]
  const isClient = port >= firstEphemeral && own !== 0 && own < port
  const text = host.includes(':') ? `[${host}]` : host
  return port === 0 || isClient ? text : `${text}:${port}`
}

const withPeer = (sign: SignName): Recognise => row => ({ sign, detail: detailOf({ peer: peerOf(row) }) })

const withInterface = (sign: SignName): Recognise => row => ({ sign, detail: detailOf({ interface: row.get('interfaceName') }) })

/** Losses that TCP mends at once are no news. */
const manyRetransmits = 3

const retransmit: Recognise = row => {
  const isSyn = row.attribute('linux.tcp.state') === 'SYN_SENT'
  return isSyn || Number(row.attribute('linux.tcp.retransmits') ?? 0) >= manyRetransmits ? { sign: 'net.retransmits', detail: detailOf({ peer: peerOf(row) }), severity: Severity.warning } : undefined
}

/** A RST is how many connections end well; one for want of a listener is not. */
const resetSent: Recognise = row => row.attribute('linux.tcp.reset_reason') === 'NO_SOCKET' ? { sign: 'net.port_closed', detail: detailOf({ port: row.get('sourcePort') }) } : undefined

const acceptQueue: Recognise = row => ({ sign: 'net.accept_queue_full', detail: detailOf({ port: row.get('sourcePort') }) })

/** A SYN that found no listener is answered: `net.port_closed` and the caller's refusal tell of it. */
const packetDrop: Recognise = row => row.get('protocol') === 'tcp' && row.attribute('linux.skb.drop_reason') === 'NO_SOCKET' ? undefined : ({ sign: 'net.packet_drop', detail: detailOf({ reason: textOf(row.attribute('linux.skb.drop_reason')) }) })

/** Problems of the cni receiver have an end. */
const problem = (begun: Recognise, over: SignName = 'net.cni_recovered'): Recognise => row => {
  if (row.get('action') !== 'resolved') return begun(row)
  return { sign: over, detail: over === 'net.link_up' ? detailOf({ interface: row.get('interfaceName') }) : detailOf({ problem: row.get('name') }) }
}

const notConfigured: Recognise = row => ({ sign: 'net.cni_not_configured', detail: detailOf({ problem: row.get('name') }) })

const ofNetwork = (sign: SignName): Recognise => row => ({ sign, detail: detailOf({ network: textOf(row.attribute('tapio.cni.network')) }) })

const withAddress = (sign: SignName): Recognise => row => ({ sign, detail: detailOf({ address: textOf(row.attribute('tapio.network.address')) }) })

const runFailed: Recognise = row => ({ sign: 'net.cni_failed', detail: detailOf({ plugin: textOf(row.attribute('tapio.cni.plugin')), command: row.get('action') }) })

export const networkSigns: Readonly<Record<string, Recognise>> = {
  tcp_connect_refused: withPeer('net.connection_refused'),
  tcp_connect_timeout: withPeer('net.connection_timeout'),
  tcp_connect_unreachable: withPeer('net.connection_unreachable'),
  tcp_connect_reset: withPeer('net.connection_reset'),
  tcp_connect_failed: withPeer('net.connection_failed'),
  tcp_connect_abandoned: withPeer('net.connection_abandoned'),
  tcp_connect_slow: withPeer('net.connection_slow'),
  tcp_connection_reset: withPeer('net.connection_reset'),
  tcp_connection_timeout: withPeer('net.connection_timeout'),
  tcp_retransmit: retransmit,
  tcp_reset_sent: resetSent,
  tcp_reset_received: nothing,
  packet_drop: packetDrop,
  listen_overflow: acceptQueue,
  nic_tx_timeout: withInterface('net.link_hung'),
  nic_link_down: withInterface('net.link_down'),
  nic_link_up: withInterface('net.link_up'),
  unregister_netdevice: withInterface('net.link_hung'),
  conntrack_full: always('net.conntrack_full'),
  neighbour_table_full: always('net.neighbour_table_full'),
  syn_flooding: row => ({ sign: 'net.syn_flood', detail: detailOf({ endpoint: textOf(row.attribute('linux.endpoint')) }) }),
  cni_conf_missing: problem(notConfigured),
  cni_conf_invalid: problem(notConfigured),
  cni_version_unsupported: problem(notConfigured),
  cni_plugin_missing: problem(notConfigured),
  cni_plugin_not_executable: problem(notConfigured),
  ipam_exhaustion_near: problem(ofNetwork('net.ip_nearly_exhausted')),
  ipam_exhausted: problem(ofNetwork('net.ip_exhausted')),
  ipam_lease_leaked: problem(ofNetwork('net.ip_leaked')),
  ip_address_duplicate: problem(withAddress('net.ip_duplicate')),
  link_down: problem(withInterface('net.link_down'), 'net.link_up'),
  link_added: nothing,
  link_removed: withInterface('net.link_changed'),
  link_changed: withInterface('net.link_changed'),
  address_added: nothing,
  address_removed: withInterface('net.address_changed'),
  route_added: nothing,
  route_removed: always('net.route_changed'),
  neighbour_failed: withAddress('net.neighbour_unreachable'),
  cni_plugin_run: nothing,
  cni_plugin_failed: runFailed
}
