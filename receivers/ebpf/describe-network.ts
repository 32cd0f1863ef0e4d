/** The records of the network program. `source` is the socket's own side (a drop: the packet's source), `destination` its peer. */
import { EventType, Severity } from '../../core/data/enums.js'
import { addressText, recordTable, type RecordName } from '../../native/index.js'
import type { Describe } from './describe.js'
import type { EventWriter } from './event-writer.js'
import { durationText, endpointText, errorText, protocolText, tcpStateText } from './words.js'

type NetworkRecord = 'tcp_connect' | 'tcp_abort' | 'tcp_retransmit' | 'tcp_reset_sent' | 'tcp_reset_received' | 'packet_drop' | 'listen_overflow'

export const describeNetwork: Readonly<Record<NetworkRecord & RecordName, Describe>> = {
  tcp_connect: connect,
  tcp_abort: abort,
  tcp_retransmit: retransmit,
  tcp_reset_sent: event => { reset(event, 'tcp_reset_sent', 'sent to') },
  tcp_reset_received: event => { reset(event, 'tcp_reset_received', 'received from') },
  packet_drop: drop,
  listen_overflow: overflow
}

const flow = recordTable.tcp_connect.fields
const etimedout = 110
const established = 1
const synSent = 2
const noReason = 0xffffffff

/** Fills the endpoint columns; `source -> destination` as text. */
function begin (event: EventWriter, severity: number, name: string): { readonly source: string, readonly destination: string } {
  const { reader } = event
  const family = reader.number(flow['flow.family'])
  const source = addressText(reader.bytes(flow['flow.local_address']), family)
  const destination = addressText(reader.bytes(flow['flow.remote_address']), family)
  const [sourcePort, destinationPort] = [reader.number(flow['flow.local_port']), reader.number(flow['flow.remote_port'])]
  event.begin(EventType.network, severity, name)
  event.text('protocol', protocolText(reader.number(flow['flow.protocol'])))
  event.text('sourceAddress', source)
  event.text('destinationAddress', destination)
  event.set('sourcePort', sourcePort)
  event.set('destinationPort', destinationPort)
  event.attribute('linux.netns', BigInt(reader.number(flow.netns)))
  return { source: endpointText(source, sourcePort), destination: endpointText(destination, destinationPort) }
}

/** `curl (pid 12)`, or nothing when nobody knows. */
function caller (event: EventWriter): string {
  const pid = event.reader.number(flow.pid)
  return pid === 0 ? '' : ` by ${event.reader.text(flow.comm)} (pid ${pid})`
}

function connect (event: EventWriter): void {
  const { reader } = event
  const [error, state] = [reader.number(flow.error), reader.number(flow.state)]
  const took = reader.wide(flow.duration_ns)
  const outcome = connectOutcome(error, state)
  const { source, destination } = begin(event, outcome.severity, outcome.name)
  event.message(`connect to ${destination} from ${source}${caller(event)} ${outcome.words} after ${durationText(took)}`)
  event.wide('durationNano', took)
  event.set('returnCode', error === 0 ? 0 : -error)
  if (error !== 0) event.attribute('error.type', errorText(error))
}

function connectOutcome (error: number, state: number): { readonly name: string, readonly words: string, readonly severity: number } {
  if (state === established) return { name: 'tcp_connect_slow', words: 'succeeded', severity: Severity.warning }
  switch (errorText(error)) {
    case 'ECONNREFUSED': return { name: 'tcp_connect_refused', words: 'was refused', severity: Severity.error }
    case 'ETIMEDOUT': return { name: 'tcp_connect_timeout', words: 'timed out', severity: Severity.error }
    case 'EHOSTUNREACH': case 'ENETUNREACH': return { name: 'tcp_connect_unreachable', words: `found nobody (${errorText(error)})`, severity: Severity.error }
    case 'ECONNRESET': return { name: 'tcp_connect_reset', words: 'was reset', severity: Severity.error }
    default: return error === 0
      ? { name: 'tcp_connect_abandoned', words: 'was given up by the caller without an answer', severity: Severity.warning }
      : { name: 'tcp_connect_failed', words: `failed (${errorText(error)})`, severity: Severity.error }
  }
}

function abort (event: EventWriter): void {
  const f = recordTable.tcp_abort.fields
  const error = event.reader.number(f.error)
  const { source, destination } = begin(event, Severity.error, error === etimedout ? 'tcp_connection_timeout' : 'tcp_connection_reset')
  event.message(`connection ${source} - ${destination}${caller(event)} ended in ${errorText(error)} (was ${tcpStateText(event.reader.number(f.state))})`)
  event.set('returnCode', -error)
  event.attribute('error.type', errorText(error))
  event.attribute('linux.tcp.state', tcpStateText(event.reader.number(f.state)))
}

function retransmit (event: EventWriter): void {
  const f = recordTable.tcp_retransmit.fields
  const state = event.reader.number(f.state)
  const times = event.reader.number(f.retransmits)
  const { source, destination } = begin(event, Severity.low, 'tcp_retransmit')
  event.message(`${state === synSent ? 'SYN' : 'segment'} from ${source} to ${destination}${caller(event)} was sent again${times > 1 ? ` (${times} times)` : ''}`)
  event.attribute('linux.tcp.state', tcpStateText(state))
  event.attribute('linux.tcp.retransmits', BigInt(times))
}

function reset (event: EventWriter, name: 'tcp_reset_sent' | 'tcp_reset_received', verb: string): void {
  const f = recordTable[name].fields
  const [state, number] = [event.reader.number(f.state), event.reader.number(f.reason)]
  const { source, destination } = begin(event, Severity.medium, name)
  const reason = number === noReason ? '' : event.context.facts.resetReasons.get(number) ?? String(number)
  event.text('direction', name === 'tcp_reset_sent' ? 'transmit' : 'receive')
  event.message(`RST ${verb} ${destination} at ${source}${caller(event)}${reason === '' ? '' : `: ${reason}`}`)
  if (reason !== '') event.attribute('linux.tcp.reset_reason', reason)
  if (state !== 0) event.attribute('linux.tcp.state', tcpStateText(state))
}

function drop (event: EventWriter): void {
  const { reader } = event
  const f = recordTable.packet_drop.fields
  const number = reader.number(f.reason)
  const reason = event.context.facts.dropReasons.get(number) ?? `reason_${number}`
  const received = reader.number(f.received) === 1
  const { source, destination } = begin(event, Severity.warning, 'packet_drop')
  const protocol = protocolText(reader.number(flow['flow.protocol'])) || `ethertype 0x${reader.number(f.ethertype).toString(16).padStart(4, '0')}`
  event.text('direction', received ? 'receive' : 'transmit')
  event.message(`${received ? 'incoming' : 'outgoing'} ${protocol} packet of ${reader.number(f.length)} bytes${source === '' ? '' : ` from ${source} to ${destination}`} was dropped: ${reason}`)
  event.wide('bytes', BigInt(reader.number(f.length)))
  event.attribute('linux.skb.drop_reason', reason)
  event.attribute('linux.skb.drop_location', `0x${reader.wide(f.location).toString(16)}`)
  event.attribute('network.interface.index', BigInt(reader.number(f.ifindex)))
}

function overflow (event: EventWriter): void {
  const f = recordTable.listen_overflow.fields
  const [queue, limit] = [event.reader.number(f.queue), event.reader.number(f.queue_limit)]
  const { source, destination } = begin(event, Severity.error, 'listen_overflow')
  const listener = event.reader.number(flow.pid) === 0 ? '' : ` of ${event.reader.text(flow.comm)} (pid ${event.reader.number(flow.pid)})`
  event.message(`accept queue of ${source}${listener} is full: ${queue} connections wait, room for ${limit}; last from ${destination}`)
  event.attribute('linux.tcp.accept_queue', BigInt(queue))
  event.attribute('linux.tcp.accept_queue_limit', BigInt(limit))
}
