/** Containers of a pod, a template or a workload (`x`), and their states. */
import { listAt, objectAt, textAt, valueAt } from '../../topology/graph/plain.js'
import { containersOf, podSpec } from '../world.js'
import { define, text, type PatternFunctions } from './define.js'
import { hostPortsIn } from './host-ports.js'
import { portOfCommand } from './probe-port.js'

const probeKinds = [['livenessProbe', 'liveness'], ['readinessProbe', 'readiness'], ['startupProbe', 'startup']] as const

export const containerFunctions: PatternFunctions = {
  containers: define('x', 'containers, then init containers', x => containersOf(x)),
  container: define('x, name', 'the container, null when there is none of the name', (x, name) => containersOf(x).find(c => textAt(c, 'name') === name) ?? null),
  containerPorts: define('x', '`{container, name, port, protocol}` of all declared ports', containerPorts),
  env: define('x', '`{container, name, value}` of variables with a plain value', x => env(x)),
  envHosts: define('x', '`{container, variable, host, port}` for every `host:port` in variables and arguments (port 0: none said)', envHosts),
  probes: define('x', '`{container, kind, type, port, portName, path, scheme, …}`: ports as numbers (of a command: the one it asks; 0: none known), `declared` whether the container has it, defaults filled in', probes),
  images: define('x', '`{container, image, registry, repository, tag, digest}`', x => containersOf(x).map(c => ({ container: textAt(c, 'name'), ...imageParts(textAt(c, 'image')) }))),
  containerStatuses: define('pod', 'statuses of containers and init containers, each with `init`', pod => [...statuses(pod, 'containerStatuses', false), ...statuses(pod, 'initContainerStatuses', true)]),
  waiting: define('pod, reason', 'statuses of containers that wait for that reason (`\'\'`: any)', (pod, reason) => allStatuses(pod).filter(s => { const why = textAt(s, 'state', 'waiting', 'reason'); return reason === '' ? why !== '' : why === reason })),
  terminated: define('pod', 'the last ends of containers: `{container, exitCode, reason, signal, finishedAt, restarts}`', terminated),
  restarts: define('pod', 'of all containers together', pod => allStatuses(pod).reduce((total: number, s) => total + (Number(valueAt(s, 'restartCount')) || 0), 0)),
  ready: define('pod', 'whether its Ready condition is True', pod => listAt(pod, 'status', 'conditions').some(c => valueAt(c, 'type') === 'Ready' && valueAt(c, 'status') === 'True'))
}

function statuses (pod: unknown, key: string, init: boolean): object[] {
  return listAt(pod, 'status', key).map(s => ({ ...objectAt(s), init }))
}

const allStatuses = (pod: unknown): readonly unknown[] => [...listAt(pod, 'status', 'containerStatuses'), ...listAt(pod, 'status', 'initContainerStatuses')]

function terminated (pod: unknown): unknown[] {
  return allStatuses(pod).flatMap(s => {
    const end = Object.keys(objectAt(s, 'state', 'terminated')).length > 0 ? objectAt(s, 'state', 'terminated') : objectAt(s, 'lastState', 'terminated')
    if (Object.keys(end).length === 0) return []
    return [{ container: textAt(s, 'name'), exitCode: valueAt(end, 'exitCode') ?? 0, reason: textAt(end, 'reason'), signal: valueAt(end, 'signal') ?? 0, message: textAt(end, 'message'), finishedAt: textAt(end, 'finishedAt'), restarts: valueAt(s, 'restartCount') ?? 0 }]
  })
}

export interface Port { readonly container: string, readonly name: string, readonly port: number, readonly protocol: string }

export function containerPorts (x: unknown): Port[] {
  return containersOf(x).flatMap(c => listAt(c, 'ports').map(p => ({
    container: textAt(c, 'name'), name: textAt(p, 'name'), port: Number(valueAt(p, 'containerPort')) || 0, protocol: textAt(p, 'protocol') || 'TCP'
  })))
}

function env (x: unknown): { readonly container: string, readonly name: string, readonly value: string }[] {
  return containersOf(x).flatMap(c => listAt(c, 'env').filter(e => typeof valueAt(e, 'value') === 'string')
    .map(e => ({ container: textAt(c, 'name'), name: textAt(e, 'name'), value: textAt(e, 'value') })))
}

function envHosts (x: unknown): unknown[] {
  const args = containersOf(x).flatMap(c => [...listAt(c, 'command'), ...listAt(c, 'args')].map(text).map(value => ({ container: textAt(c, 'name'), name: '', value })))
  return [...env(x), ...args].flatMap(({ container, name, value }) => hostPortsIn(name, value).map(found => ({ container, variable: name, ...found })))
}

function probes (x: unknown): unknown[] {
  const ports = containerPorts(x)
  return listAt(podSpec(x), 'containers').flatMap(c => probeKinds.flatMap(([key, kind]) => {
    const probe = valueAt(c, key)
    if (typeof probe !== 'object' || probe === null) return []
    const container = textAt(c, 'name')
    const type = ['httpGet', 'tcpSocket', 'grpc', 'exec'].find(t => valueAt(probe, t) !== undefined) ?? ''
    const port = valueAt(probe, type, 'port')
    const mine = ports.filter(p => p.container === container)
    const command = listAt(probe, 'exec', 'command').map(text)
    const number = type === 'exec' ? portOfCommand(command) : typeof port === 'number' ? port : mine.find(p => p.name === port)?.port ?? (/^\d+$/.test(text(port)) ? Number(port) : 0)
    const count = (name: string, otherwise: number): number => Number(valueAt(probe, name) ?? otherwise)
    return [{
      container, kind, type, port: number, portName: typeof port === 'string' ? port : '', declared: mine.some(p => p.port === number), path: textAt(probe, type, 'path'), scheme: textAt(probe, type, 'scheme'), command,
      initialDelaySeconds: count('initialDelaySeconds', 0), periodSeconds: count('periodSeconds', 10),
      timeoutSeconds: count('timeoutSeconds', 1), failureThreshold: count('failureThreshold', 3), successThreshold: count('successThreshold', 1)
    }]
  }))
}

/** `registry.example:5000/team/app:1.2@sha256:…`; docker.io and latest when nothing is said. */
export function imageParts (image: string): { readonly image: string, readonly registry: string, readonly repository: string, readonly tag: string, readonly digest: string } {
  const [named = '', digest = ''] = image.split('@', 2)
  const slash = named.indexOf('/')
  const head = slash < 0 ? '' : named.slice(0, slash)
  const isRegistry = /[.:]/.test(head) || head === 'localhost'
  const rest = isRegistry ? named.slice(slash + 1) : named
  const colon = rest.lastIndexOf(':')
  return { image, registry: isRegistry ? head : 'docker.io', repository: colon < 0 ? rest : rest.slice(0, colon), tag: colon < 0 ? (digest === '' ? 'latest' : '') : rest.slice(colon + 1), digest }
}
