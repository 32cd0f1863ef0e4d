/**
 * Drop reasons that are no fault: the kernel frees these packets in its everyday work. By name, because numbers differ between
 * kernels; a name that a kernel does not have is passed over.
 */
export const defaultQuietReasons: readonly string[] = [
  // Not a drop, or the kernel does not say why: most of them are packets that did their work.
  'CONSUMED', 'NOT_SPECIFIED',
  // Sockets that close with packets still queued, and packets for those that have just closed.
  'SOCKET_CLOSE', 'QUEUE_PURGE', 'TCP_CLOSE', 'TCP_RESET', 'UNIX_DISCONNECT', 'UNIX_SKIP_OOB',
  // Duplicates and late segments that TCP expects; retransmits are reported by themselves.
  'TCP_OLD_ACK', 'TCP_TOO_OLD_ACK', 'TCP_OLD_DATA', 'TCP_OLD_SEQUENCE', 'TCP_OFOMERGE', 'TCP_RFC7323_PAWS_ACK', 'TCP_RFC7323_TSECR',
  // Meant for others, or nobody asked for them.
  'OTHERHOST', 'UNHANDLED_PROTO', 'SOCKET_FILTER', 'PACKET_SOCK_ERROR', 'IPV6_NDISC_NS_OTHERHOST', 'UNICAST_IN_L2_MULTICAST'
]
