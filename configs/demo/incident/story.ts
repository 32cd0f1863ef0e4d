/** Who is who in the recorded incident, in one place: the recorder makes these for real, the generator tells Kubernetes' side of them. */
import { createHash } from 'node:crypto'

export const namespace = 'shop'
/** When the recording begins; all recorded times are moved by one amount so that it does. */
export const startMs = Date.UTC(2026, 0, 15, 3, 11, 40)

export interface Role {
  readonly name: string
  readonly image: string
  readonly replicas: number
  /** Of the pod template. */
  readonly hash: string
  readonly port: number
  readonly clusterIp: string
  readonly requestMib: number
  readonly limitMib: number
  readonly env: Readonly<Record<string, string>>
}

const role = (name: string, hash: string, image: string, replicas: number, port: number, address: number, requestMib: number, limitMib: number, env: Readonly<Record<string, string>> = {}): Role =>
  ({ name, hash, image, replicas, port, clusterIp: `10.96.12.${address}`, requestMib, limitMib, env })

export const nginx = role('nginx', '7d8f9c5b64', 'nginx:1.27.3', 2, 80, 3, 1024, 2048, { CART_URL: 'http://cart.shop:8080', CATALOG_URL: 'http://catalog.shop:8080', SEARCH_URL: 'http://search.shop:8080' })
export const cart = role('cart', '6b7c4d9f58', 'registry.shop.example/cart:1.4.2', 1, 8080, 5, 512, 1024, { MYSQL_HOST: 'mysql.shop', MYSQL_PORT: '3306' })
export const mysql = role('mysql', '54f8c2d7b9', 'mysql:8.4.3', 1, 3306, 6, 1536, 2048)
export const catalog = role('catalog', '5f7d8b6c94', 'registry.shop.example/catalog:2.0.1', 2, 8080, 7, 1536, 2048)
export const search = role('search', '7c9b5d8f46', 'registry.shop.example/search:0.9.8', 1, 8080, 8, 1536, 2048)
export const roles: readonly Role[] = [nginx, cart, mysql, catalog, search]

export interface StoryPod {
  readonly role: Role
  readonly name: string
  readonly uid: string
  /** '' = waits for one. */
  readonly node: string
  readonly ip: string
  readonly containerId: string
}

const hex = (of: string): string => createHash('sha256').update(`tapio demo ${of}`).digest('hex')

/** The same for the same name, so that what was recorded fits what is generated. */
export function uidOf (what: string): string {
  return hex(`uid ${what}`).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5')
}

/** `run`: 0 for the first container, 1 after its restart. */
export function containerIdOf (pod: string, run = 0): string { return hex(`container ${pod} ${run}`) }

function pod (of: Role, suffix: string, node: string, ip: string): StoryPod {
  const name = `${of.name}-${of.hash}-${suffix}`
  return { role: of, name, uid: uidOf(`Pod ${name}`), node, ip, containerId: containerIdOf(name) }
}

/** The one that leaks, and the one that must make room. */
export const leaking = pod(nginx, 'k2xqp', 'node-7', '10.244.7.14')
export const evicted = pod(mysql, 'qj6vd', 'node-7', '10.244.7.15')
export const caller = pod(cart, 'hw4ln', 'node-6', '10.244.6.21')
export const otherNginx = pod(nginx, 'm9tzr', 'node-6', '10.244.6.20')
export const catalogs = [pod(catalog, '2vjmx', 'node-5', '10.244.5.31'), pod(catalog, 'tq8wn', 'node-6', '10.244.6.22')] as const
export const searcher = pod(search, 'xk7rl', 'node-5', '10.244.5.32')
export const pods: readonly StoryPod[] = [leaking, otherNginx, caller, evicted, ...catalogs, searcher]
/** What their ReplicaSets make instead of them, and nobody can place. */
export const nextMysql = pod(mysql, 'r8fzs', '', '')
export const nextNginx = pod(nginx, 'z4hvb', '', '')

export const nodes = ['node-5', 'node-6', 'node-7'] as const
/** Where kubelet has a container's cgroup, with the cgroupfs driver. */
export function cgroupOf ({ uid }: StoryPod, containerId: string): string { return `/kubepods/burstable/pod${uid}/${containerId}` }
