/**
 * kubeconfig files. https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 * Several files are merged as kubectl does it: of two entries of one name the first wins.
 */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import type { Clock } from '../component/clock.js'
import { readGuarded } from '../config/guarded-file.js'
import type { Logger } from '../telemetry/logger.js'
import { AccessFault, type Access } from './access.js'
import { userAccess, type ClusterEntry, type UserEntry } from './kubeconfig-user.js'

interface Named { readonly name: string, readonly file: string }
interface Context extends Named { readonly cluster: string, readonly user: string }

export interface KubeConfig {
  readonly files: readonly string[]
  readonly currentContext: string
  readonly contexts: readonly Context[]
  readonly clusters: readonly (Named & { readonly entry: ClusterEntry })[]
  readonly users: readonly (Named & { readonly entry: UserEntry })[]
}

/** `path`, or what $KUBECONFIG lists, or ~/.kube/config. */
export function kubeconfigFiles (path: string, env: Readonly<Record<string, string | undefined>> = process.env): readonly string[] {
  if (path !== '') return [path.startsWith('~/') ? join(homedir(), path.slice(2)) : path]
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter(f => f !== '')
  // kubectl passes over files of $KUBECONFIG that are not there, unless none is.
  const present = listed.filter(f => existsSync(f))
  return listed.length === 0 ? [join(homedir(), '.kube', 'config')] : present.length > 0 ? present : listed
}

/** One that others can read or replace is said to the log (core/config/guarded-file.ts). Throws AccessFault. */
export function readKubeconfig (files: readonly string[], logger: Logger): KubeConfig {
  const parts = files.map(file => readOne(file, logger))
  return {
    files,
    currentContext: parts.map(p => p.currentContext).find(c => c !== '') ?? '',
    contexts: parts.flatMap(p => p.contexts),
    clusters: parts.flatMap(p => p.clusters),
    users: parts.flatMap(p => p.users)
  }
}

/** Access by `context`, or by the current one when that is ''. */
export function contextAccess (config: KubeConfig, context: string, clock: Clock, logger: Logger): Access {
  const name = context === '' ? config.currentContext : context
  const at = config.files.join(', ')
  if (name === '') throw new AccessFault(`${at}: there is no current-context; set one with \`kubectl config use-context\`, or name one in \`context\``)
  const chosen = find(config.contexts, name, 'context', at)
  const cluster = find(config.clusters, chosen.cluster, 'cluster', at)
  const user = find(config.users, chosen.user, 'user', at)
  return userAccess({ cluster: cluster.entry, user: user.entry, clusterPlace: `${cluster.file}: cluster "${cluster.name}"`, userPlace: `${user.file}: user "${user.name}"`, clusterDirectory: dirname(cluster.file), userDirectory: dirname(user.file), clock, logger })
}

function find<T extends Named> (entries: readonly T[], name: string, what: string, at: string): T {
  const entry = entries.find(e => e.name === name)
  if (entry === undefined) throw new AccessFault(`${at}: there is no ${what} "${name}"; found ${entries.map(e => `"${e.name}"`).join(', ') || 'none'}`)
  return entry
}

function readOne (path: string, logger: Logger): KubeConfig {
  const file = resolve(path)
  const root = record(load(file, logger))
  if (root === undefined) throw new AccessFault(`${file}: expected a kubeconfig (a map), found something else`)
  const named = (key: string, inner: string): { name: string, file: string, entry: Readonly<Record<string, unknown>> }[] => list(root[key]).flatMap(item => {
    const { name, [inner]: entry } = record(item) ?? {}
    return typeof name === 'string' ? [{ name, file, entry: record(entry) ?? {} }] : []
  })
  return {
    files: [file],
    currentContext: text(root['current-context']),
    contexts: named('contexts', 'context').map(({ name, entry }) => ({ name, file, cluster: text(entry['cluster']), user: text(entry['user']) })),
    clusters: named('clusters', 'cluster'),
    users: named('users', 'user')
  }
}

function load (file: string, logger: Logger): unknown {
  try {
    const { bytes, warning } = readGuarded(file, 'secret')
    if (warning !== '') logger.warn('a kubeconfig is exposed', { file, reason: warning })
    return parse(bytes.toString('utf8'))
  } catch (error) {
    throw new AccessFault(`kubeconfig ${file} cannot be read: ${(error as Error).message}`)
  }
}

const text = (value: unknown): string => typeof value === 'string' ? value : ''
const list = (value: unknown): readonly unknown[] => Array.isArray(value) ? value : []

function record (value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined
}
