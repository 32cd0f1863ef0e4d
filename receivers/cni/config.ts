import { Type, type Static, type TUnsafe } from '@sinclair/typebox'
import { Duration, Enum, Options, Section } from '../../core/config/schema.js'
import { cniVersions } from './net-conf.js'

const changes = ['link', 'address', 'route', 'neighbour'] as const
const change: TUnsafe<(typeof changes)[number]> = Enum(changes)
const paths = (value: readonly string[], description: string) => Type.Array(Type.String({ minLength: 1 }), { default: [...value], minItems: 1, maxItems: 16, description })
const path = (value: string, description: string) => Type.String({ minLength: 1, default: value, description })

export const schema = Options({
  root: Type.String({ default: '', description: 'Put before all other paths and /proc: `/host` in a container that has the host\'s root there.' }),
  conf_dir: path('/etc/cni/net.d', 'Where network configurations are.'),
  bin_dirs: paths(['/opt/cni/bin', '/usr/lib/cni'], 'Where plugins are looked for, in this order.'),
  ipam_dir: path('/var/lib/cni/networks', 'Where host-local keeps its leases; a `dataDir` in a configuration is read too.'),
  cache_dir: path('/var/lib/cni/results', 'Where libcni keeps what it attached: which pod has which namespace.'),
  netns_dirs: paths(['/run/netns', '/var/run/netns'], 'Where named network namespaces are.'),
  cni_versions: Type.Array(Type.String({ minLength: 1 }), { default: [...cniVersions], minItems: 1, description: 'Versions of the specification that runtime and plugins here support; a configuration that asks for another is a fault.' }),
  changes: Type.Array(change, { default: ['link', 'address', 'route', 'neighbour'], uniqueItems: true, description: 'Which changes become events of their own; problems are told in any case.' }),
  usage_warning: Type.Number({ minimum: 0.01, maximum: 1, default: 0.9, description: 'Share of a range that is given out from which on its end is said to be coming.' }),
  leak_grace: Duration({ default: '30s', maximum: '24h', description: 'Age from which a lease is leaked whose address was never seen; one whose address was seen and is gone is leaked after a second.' }),
  link_down_after: Duration({ default: '300ms', maximum: '10m', description: 'How long an interface must be down.' }),
  poll_interval: Duration({ default: '100ms', minimum: '10ms', maximum: '10s', description: 'Time between two looks at netlink and at what file system events told.' }),
  rescan_interval: Duration({ default: '5s', minimum: '100ms', maximum: '10m', description: 'How often files and namespaces are looked at although no event came.' }),
  max_namespaces: Type.Integer({ minimum: 1, maximum: 65_536, default: 4096, description: 'Network namespaces watched at a time, a socket each.' }),
  max_leases: Type.Integer({ minimum: 16, maximum: 1_000_000, default: 65_536, description: 'Leases read of each network, and attachments.' }),
  processes: Type.Boolean({ default: true, description: 'Find namespaces by processes too (Docker\'s have no name), and which containers live.' }),
  plugin_runs: Section({
    enabled: Type.Boolean({ default: true, description: 'Watch plugins run, with the kernel\'s `process` program (CAP_BPF and CAP_PERFMON).' }),
    successes: Type.Boolean({ default: true, description: 'Report those that succeeded too.' }),
    poll_interval: Duration({ default: '1ms', minimum: '1ms', maximum: '1s', description: 'Time between two looks into the kernel\'s ring, on a thread beside: for whom a plugin ran can be read only while it runs.' })
  })
})
export type CniConfig = Static<typeof schema>
