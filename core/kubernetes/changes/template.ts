/** The pod template of a workload: what a rollout changes, from -> to. Values of secrets are never among it. */
import { createHash } from 'node:crypto'
import type { Finding } from './change.js'
import { asText, byName, paired, shortened, stable, valueChange } from './compare.js'
import type { Container, EnvVar, PodSpec, PodTemplate } from './types.js'

const maxValue = 120
/** Names under which people put secrets into plain values, although they should not. */
const secretName = /pass|secret|token|credential|private|api_?key|access_?key|auth|dsn|conn(ection)?_?str/i
/** `auth:8080`, `http://auth/`: an address, whatever its variable is called. */
const address = /^(\w+:\/\/)?[a-z0-9.-]+(:\d{1,5}(\/|$)|\/)|^\w+:\/\/[a-z0-9.-]+$/i
/** `//user:password@host` in an address. */
const userInfo = /(\/\/[^/\s:@]*:)[^/\s@]+@/g
const restartedAt = 'kubectl.kubernetes.io/restartedAt'

export function templateFindings (before: PodTemplate | undefined, after: PodTemplate | undefined): Finding[] {
  if (before === undefined || after === undefined) return []
  const [was, is] = [before.spec, after.spec]
  return [
    ...paired(containersOf(was), containersOf(is)).flatMap(([name, from, to]) => containerFindings(name, from, to)),
    ...valueChange('template_changed', 'RestartRequested', 'restart asked for at', before.metadata?.annotations?.[restartedAt], after.metadata?.annotations?.[restartedAt]),
    ...valueChange('template_changed', 'ServiceAccountChanged', 'service account', was?.serviceAccountName, is?.serviceAccountName),
    ...valueChange('template_changed', 'NodeSelectorChanged', 'node selector', was?.nodeSelector, is?.nodeSelector),
    ...paired(byName(was?.volumes), byName(is?.volumes)).flatMap(([name, from, to]) => valueChange('volume_changed', 'VolumeChanged', `volume ${name}`, from, to))
  ]
}

function containersOf (spec: PodSpec | undefined): ReadonlyMap<string, Container> {
  return byName([...spec?.initContainers ?? [], ...spec?.containers ?? []])
}

function containerFindings (name: string, before: Container | undefined, after: Container | undefined): Finding[] {
  const of = `of container ${name}`
  const findings = before === undefined || after === undefined
    ? valueChange('template_changed', after === undefined ? 'ContainerRemoved' : 'ContainerAdded', `image ${of}`, before?.image, after?.image)
    : [
        ...valueChange('image_changed', 'ImageChanged', `image ${of}`, before.image, after.image),
        ...valueChange('resources_changed', 'ResourcesChanged', `resources ${of}`, before.resources, after.resources),
        ...valueChange('command_changed', 'CommandChanged', `command ${of}`, commandOf(before), commandOf(after)),
        ...probes(of, before, after),
        ...valueChange('env_changed', 'EnvSourceChanged', `environment sources ${of}`, before.envFrom, after.envFrom),
        ...paired(byName(before.env), byName(after.env)).flatMap(([key, from, to]) => env(key, of, from, to))
      ]
  return findings.map(finding => ({ ...finding, container: { name } }))
}

function commandOf ({ command = [], args = [] }: Container): string { return keptWords([...command, ...args]).join(' ') }

function probes (of: string, before: Container, after: Container): Finding[] {
  return (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap(probe => valueChange('probe_changed', 'ProbeChanged', `${probe} ${of}`, keptProbe(before[probe]), keptProbe(after[probe])))
}

function env (key: string, of: string, before: EnvVar | undefined, after: EnvVar | undefined): Finding[] {
  const [from, to] = [hiddenValue(before), hiddenValue(after)]
  if (from === to) return []
  return [{ change: 'env_changed', reason: 'EnvChanged', message: `${key} ${of} ${shown(from)} -> ${shown(to)}`, from: shown(from), to: shown(to), attributes: { 'tapio.k8s.env.name': key } }]
}

/** What is hidden differs by its mark, so that a change is seen and the value is not. */
const hidden = '(hidden)'

/** The value of a variable as it may be kept and shown: literal and short, or where it comes from, or hidden. */
function hiddenValue (variable: EnvVar | undefined): string {
  if (variable === undefined) return ''
  if (variable.valueFrom !== undefined) return shortened(`from ${stable(variable.valueFrom)}`, maxValue)
  const value = variable.value ?? ''
  if (value.startsWith(hidden) || (!isSecret(variable.name ?? '', value) && value.length <= maxValue && hideUserInfo(value) === value)) return value
  return `${hidden} ${createHash('sha256').update(value).digest('hex').slice(0, 6)}`
}

function isSecret (name: string, value: string): boolean { return secretName.test(name) && !address.test(value) }

function shown (value: string): string { return value.startsWith(hidden) ? hidden : asText(value) || '(none)' }

/** `--db-password=x`, and the word after `--token`. */
function keptWords (words: readonly string[]): string[] {
  return words.map((word, i) => {
    const [, name] = /^(-{0,2}[\w.-]+=)/.exec(word) ?? []
    if (name !== undefined && secretName.test(name)) return `${name}${hidden}`
    const before = words[i - 1] ?? ''
    return before.startsWith('-') && !before.includes('=') && secretName.test(before) ? hidden : hideUserInfo(word)
  })
}

function hideUserInfo (text: string): string { return text.replace(userInfo, '$1***@') }

/** Variables as they may be kept in memory and in a checkpoint. */
export function keptEnv (variables: unknown): unknown {
  if (!Array.isArray(variables)) return undefined
  return (variables as EnvVar[]).map(variable => ({ name: variable?.name ?? '', value: hiddenValue(variable) }))
}

/** Variables as they may leave: references and addresses stay, as others need them. */
export function publishedEnv (variables: unknown): unknown {
  if (!Array.isArray(variables)) return undefined
  return (variables as EnvVar[]).map(variable => {
    const { name = '', value } = variable ?? {}
    return typeof value === 'string' ? { ...variable, value: isSecret(name, value) ? hidden : hideUserInfo(value) } : variable
  })
}

/** Command lines, likewise. */
export function keptArguments (words: unknown): unknown {
  return Array.isArray(words) ? keptWords(words.map(String)) : undefined
}

/** Headers of a probe may be credentials: only their names stay. */
export function keptProbe (probe: unknown): unknown {
  if (typeof probe !== 'object' || probe === null) return undefined
  const { httpGet, exec, ...rest } = probe as { readonly httpGet?: { readonly httpHeaders?: readonly { readonly name?: string }[] }, readonly exec?: { readonly command?: unknown } }
  return {
    ...rest,
    ...(httpGet === undefined ? {} : { httpGet: { ...httpGet, ...(httpGet.httpHeaders === undefined ? {} : { httpHeaders: httpGet.httpHeaders.map(h => ({ name: h.name ?? '' })) }) } }),
    ...(exec === undefined ? {} : { exec: { command: keptArguments(exec.command) } })
  }
}
