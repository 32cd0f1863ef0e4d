/** Hosts and ports that the value of a variable or an argument names. */
export interface HostPort { readonly host: string, readonly port: number }

const maxValueLength = 2048
const maxParts = 32

const schemePorts: Readonly<Record<string, number>> = { http: 80, https: 443, postgres: 5432, postgresql: 5432, mysql: 3306, redis: 6379, rediss: 6379, amqp: 5672, mongodb: 27017, nats: 4222, kafka: 9092 }

const url = /^([a-z][a-z0-9+.-]*):\/\/(?:[^@/\s]*@)?(\[[0-9a-f:]+\]|[^\s/:?#@[\]]+)(?::(\d{1,5}))?/i
const driver = /@(?:[a-z0-9]+)?\(([^\s:()]+)(?::(\d{1,5}))?\)/
const hostPort = /^(?:[^@/\s]*@)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})(?:[/?].*)?$/i
const serviceName = /^[a-z0-9-]+\.[a-z0-9-]+\.svc(?:\.[a-z0-9.-]+)?$/i
const hostVariable = /(?:^|_)(?:host|hostname|addr|address|endpoint|server|service)s?$/i
const bare = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i

/** `variable` is '' for an argument, where `--x=value` is looked into. */
export function hostPortsIn (variable: string, value: string): HostPort[] {
  if (value.length > maxValueLength) return []
  return value.split(/[\s,;]+/, maxParts).flatMap(part => {
    const found = hostIn(variable === '' ? part.replace(/^-[^=]*=/, '') : part, hostVariable.test(variable))
    return found === undefined || /^\d+$/.test(found.host) ? [] : [found]
  })
}

function hostIn (part: string, isHost: boolean): HostPort | undefined {
  const parsed = url.exec(part)
  if (parsed !== null) return { host: (parsed[2] as string).toLowerCase(), port: Number(parsed[3] ?? schemePorts[(parsed[1] as string).toLowerCase()] ?? 0) }
  const named = driver.exec(part) ?? hostPort.exec(part)
  if (named !== null) return { host: (named[1] as string).toLowerCase(), port: Number(named[2] ?? 0) }
  return serviceName.test(part) || (isHost && bare.test(part)) ? { host: part.toLowerCase(), port: 0 } : undefined
}
