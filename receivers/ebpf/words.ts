/** Numbers of the kernel in words. */
import { constants } from 'node:os'
import { errorName } from '../../native/index.js'

const signalNames = new Map(Object.entries(constants.signals).map(([name, n]) => [n as number, name]))

export function signalText (signal: number): string { return signalNames.get(signal) ?? `signal ${signal}` }

/** Signals by which a process is ended without having been asked: SIGTERM, SIGINT and SIGHUP are requests. */
export const fatalSignals: ReadonlySet<number> = new Set(['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGSEGV', 'SIGXCPU', 'SIGXFSZ', 'SIGSYS'].map(n => constants.signals[n as 'SIGKILL']))

/** `ECONNREFUSED` for 111. */
export function errorText (errno: number): string { return errorName(errno) }

/** `50 MiB`, `1.5 GiB`; whole bytes below a KiB. */
export function sizeText (bytes: bigint): string {
  let value = Number(bytes)
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit++ }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`
}

/** `1.5 s`, `20 ms`, `300 µs`. */
export function durationText (ns: bigint): string {
  const value = Number(ns)
  if (value >= 1e9) return `${trim(value / 1e9)} s`
  if (value >= 1e6) return `${trim(value / 1e6)} ms`
  return value >= 1e3 ? `${trim(value / 1e3)} µs` : `${value} ns`
}

function trim (value: number): string { return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))) }

export function protocolText (protocol: number): string {
  return { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp' }[protocol] ?? (protocol === 0 ? '' : `ip-${protocol}`)
}

/** States of a TCP socket, include/net/tcp_states.h. */
export function tcpStateText (state: number): string {
  return ['', 'ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2', 'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK', 'LISTEN', 'CLOSING', 'NEW_SYN_RECV'][state] ?? String(state)
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function endpointText (address: string, port: number): string {
  const host = address.includes(':') ? `[${address}]` : address
  return port === 0 ? host : `${host}:${port}`
}
