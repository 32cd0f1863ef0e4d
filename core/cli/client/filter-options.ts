/** Which events: the flags that `events` and `tap` share. */
import { Option, type Command } from 'commander'
import type { EntityRef } from '../../correlation/entity.js'
import { signals } from '../../data/enums.js'
import { parseEntity, parseNamespaced, parseNode, parseWholeTraceId } from '../subjects.js'

export interface FilterOptions {
  readonly traceId?: string
  readonly pod?: EntityRef
  readonly service?: EntityRef
  readonly node?: EntityRef
  readonly entity?: EntityRef
  readonly namespace?: readonly string[]
  readonly severity?: string
  readonly source?: readonly string[]
  readonly name?: readonly string[]
  readonly signal?: readonly string[]
  readonly symptom?: readonly string[]
  readonly text?: string
  /** Milliseconds since the epoch. */
  readonly since?: number
  readonly until?: number
}

const group = 'Which events (all that is given must fit):'
const append = (value: string, before: readonly string[] | undefined): string[] => [...before ?? [], value]

export function addFilterOptions (command: Command): Command {
  const options = [
    new Option('--trace-id <id>', 'of a request').argParser(parseWholeTraceId),
    new Option('--pod <namespace/name>', 'about a pod or from it; the name alone: in any namespace').argParser(parseNamespaced('Pod')).conflicts(['service', 'node', 'entity']),
    new Option('--service <namespace/name>', 'about a service or from it').argParser(parseNamespaced('Service')).conflicts(['node', 'entity']),
    new Option('--node <name>', 'about a node or from it').argParser(parseNode).conflicts('entity'),
    new Option('--entity <kind/namespace/name>', 'about anything else: kind/name of what has no namespace, or the name alone').argParser(parseEntity),
    new Option('-n, --namespace <name>', 'about something in it; may be given several times').argParser(append),
    new Option('--severity <level>', 'this or worse').choices(['trace', 'debug', 'info', 'low', 'medium', 'warning', 'high', 'error', 'critical']),
    new Option('--source <name>', 'ebpf, kubernetes, systemd, cni, otlp, …; several times: any of them').argParser(append),
    new Option('--name <name>', 'OOMKilled, oom_kill, GET /cart, …; several times: any of them').argParser(append),
    new Option('--signal <signal...>', 'any of these').choices(signals),
    new Option('--symptom <sign>', 'kernel.oom_kill, …, or the 32 hex digits of one; several times: any of the signs').argParser(append),
    new Option('--text <text>', 'in name or message, without case')
  ]
  for (const option of options) command.addOption(option.helpGroup(group))
  return command
}
