/**
 * Services that an environment variable or argument may name: `http://redis-master:6379`, `orders.shop.svc.cluster.local`,
 * `user:pw@tcp(db:3306)/x`. Whether there is such a Service is for the graph to say; a word alone counts only when the
 * variable's name says that it holds a host, as `info` and `redis` are also levels and types.
 */
export interface ServiceName { readonly namespace: string, readonly name: string }

/** Values beyond this are texts and certificates, not addresses. */
const maxValueLength = 2048
const maxParts = 32

const authority = /:\/\/(?:[^@/\s]*@)?([^\s/:?#@]+)/
const driver = /@(?:[a-z0-9]+)?\(([^\s:()]+)(?::\d+)?\)/
const hostPort = /^(?:[^@/\s]*@)?([a-z0-9.-]+):\d{1,5}(?:\/.*)?$/i
const bare = /^[a-z0-9.-]+$/i
const hostVariable = /(?:hosts?|hostnames?|host_names?|addr|address|addresses|urls?|uris?|endpoints?|servers?|services?|svc|brokers?|nodes?|peers?|upstreams?|backends?|targets?|masters?|dsn)$/i
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** `variable` is '' for an argument. `namespace` is where the pod is. */
export function serviceHosts (variable: string, value: string, namespace: string): ServiceName[] {
  if (value.length > maxValueLength) return []
  const isHost = hostVariable.test(variable)
  return value.split(/[\s,;]+/, maxParts).flatMap(part => {
    const host = hostOf(variable === '' ? part.replace(/^-[^=]*=/, '') : part, isHost)
    return host === undefined ? [] : serviceNames(host, namespace)
  })
}

function hostOf (part: string, isHost: boolean): string | undefined {
  const host = authority.exec(part)?.[1] ?? driver.exec(part)?.[1] ?? hostPort.exec(part)?.[1]
  if (host !== undefined) return host
  return bare.test(part) && (isHost || /\.svc(?:\.|$)/.test(part)) ? part : undefined
}

/** The cluster's DNS search list in reverse; `pod.service` is the name of one pod of a headless Service. */
function serviceNames (host: string, own: string): ServiceName[] {
  const labels = host.toLowerCase().replace(/\.$/, '').split('.')
  if (!labels.every(l => label.test(l)) || labels.every(l => /^\d+$/.test(l))) return []
  const svc = labels.indexOf('svc', 2)
  const known = svc < 0 ? labels : labels.slice(0, svc)
  const [first = '', second = '', third = ''] = known
  if (known.length === 1) return first === 'localhost' ? [] : [{ namespace: own, name: first }]
  if (known.length === 3) return [{ namespace: third, name: second }]
  if (known.length !== 2) return []
  const direct = { namespace: second, name: first }
  return svc < 0 ? [direct, { namespace: own, name: second }] : [direct]
}
