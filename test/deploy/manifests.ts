/** The shipped Kubernetes manifests, with the parts that tests look at. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { root } from './units.js'

export interface SecurityContext {
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly runAsGroup?: number
  readonly allowPrivilegeEscalation?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly privileged?: boolean
  readonly capabilities?: { readonly drop?: readonly string[], readonly add?: readonly string[] }
  readonly seccompProfile?: { readonly type: string }
}

export interface Probe { readonly httpGet: { readonly path: string, readonly port: string } }

export interface Container {
  readonly name: string
  readonly image: string
  readonly env?: readonly { readonly name: string }[]
  readonly ports: readonly { readonly name: string, readonly containerPort: number }[]
  readonly securityContext: SecurityContext
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly resources: { readonly requests: Readonly<Record<string, string>>, readonly limits: Readonly<Record<string, string>> }
  readonly volumeMounts: readonly { readonly name: string, readonly mountPath: string, readonly readOnly?: boolean }[]
}

export interface PodSpec {
  readonly serviceAccountName: string
  readonly terminationGracePeriodSeconds: number
  readonly hostPID?: boolean
  readonly hostNetwork?: boolean
  readonly hostIPC?: boolean
  readonly securityContext: SecurityContext
  readonly containers: readonly Container[]
  readonly volumes: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[]
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string, readonly namespace?: string, readonly labels?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  readonly rules?: readonly { readonly verbs: readonly string[], readonly resources: readonly string[] }[]
  readonly spec?: {
    readonly template?: { readonly metadata: { readonly labels: Readonly<Record<string, string>> }, readonly spec: PodSpec }
    readonly selector?: Readonly<Record<string, unknown>>
    readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
    readonly ports?: readonly { readonly targetPort: string }[]
  }
}

export const manifestNames = ['gateway', 'node-agent'] as const

export function manifests (name: typeof manifestNames[number]): Manifest[] {
  const text = readFileSync(join(root, 'configs', 'deploy', 'kubernetes', `${name}.yaml`), 'utf8')
  // As kubectl reads YAML.
  return parseAllDocuments(text, { version: '1.1', uniqueKeys: true }).map(document => {
    if (document.errors.length > 0) throw new Error(`${name}.yaml: ${document.errors[0]?.message}`)
    return document.toJS() as Manifest
  })
}

export const ofKind = (all: readonly Manifest[], ...kinds: readonly string[]): Manifest[] => all.filter(m => kinds.includes(m.kind))

/** The one workload of a file: its pod and its configuration. */
export function workload (name: typeof manifestNames[number]): { readonly pod: PodSpec, readonly container: Container, readonly config: string } {
  const all = manifests(name)
  const pod = ofKind(all, 'StatefulSet', 'DaemonSet')[0]?.spec?.template?.spec
  const [container] = pod?.containers ?? []
  const config = ofKind(all, 'ConfigMap')[0]?.data?.['tapio.yaml']
  if (pod === undefined || container === undefined || config === undefined) throw new Error(`${name}.yaml has no workload with a configuration`)
  return { pod, container, config }
}
