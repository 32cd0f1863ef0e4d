/** Faults as text for people, and as JSON for tools. */
import pc from 'picocolors'
import type { Fault } from './faults.js'

export interface RenderOptions {
  /** Terminal colours; off unless asked for. */
  readonly color?: boolean
}

/**
 * All faults, each with its source line and a caret:
 *
 *     error[CFG031]: unknown option `endpont`
 *      --> tapio.yaml:4:9
 *       |
 *     4 |         endpont: 0.0.0.0:4317
 *       |         ^^^^^^^
 *       = at receivers.otlp.protocols.grpc.endpont
 *       = did you mean `endpoint`?
 */
export function renderFaults (faults: readonly Fault[], options: RenderOptions = {}): string {
  const colors = pc.createColors(options.color === true)
  return faults.map(fault => renderFault(fault, colors)).join('\n')
}

function renderFault (fault: Fault, c: ReturnType<typeof pc.createColors>): string {
  const paint = fault.severity === 'error' ? c.red : c.yellow
  const number = String(fault.line)
  const margin = ' '.repeat(number.length)
  const bar = c.blue('|')
  const lines = [
    `${paint(c.bold(`${fault.severity}[${fault.code}]`))}${c.bold(`: ${fault.message}`)}`,
    `${margin}${c.blue('-->')} ${fault.file}:${fault.line}:${fault.column}`
  ]
  if (fault.excerpt !== undefined) {
    const { text, column, length } = fault.excerpt
    lines.push(`${margin} ${bar}`, `${c.blue(number)} ${bar} ${text}`.trimEnd(), `${margin} ${bar} ${' '.repeat(column)}${paint('^'.repeat(length))}`)
  }
  const notes = [
    fault.path === '' ? undefined : `at ${fault.path}`,
    fault.allowed === undefined || fault.message.includes(fault.allowed) ? undefined : `allowed: ${fault.allowed}`,
    fault.suggestion === undefined ? undefined : `did you mean \`${fault.suggestion}\`?`,
    fault.help
  ]
  for (const note of notes) if (note !== undefined) lines.push(`${margin} ${c.blue('=')} ${note}`)
  return `${lines.join('\n')}\n`
}

/** One JSON document with every fault: `{"faults": [{code, severity, file, line, column, path, message, …}]}`. */
export function faultsAsJson (faults: readonly Fault[]): string {
  return JSON.stringify({ faults }, undefined, 2)
}
