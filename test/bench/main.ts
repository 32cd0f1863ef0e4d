/** `npm run bench [-- NAME…]`: all benches, or the named ones, one after the other. */
import { run as api } from './api/main.js'
import { run as batch } from './batch.js'
import { run as collector } from './collector/main.js'
import { run as context } from './context.js'
import { run as correlation } from './correlation/main.js'
import { run as correlationLinks } from './correlation-links.js'
import { run as diskQueue } from './disk-queue.js'
import { run as durability } from './durability/main.js'
import { run as ebpf } from './ebpf/main.js'
import { run as k8sAttributes } from './k8s-attributes.js'
import { run as kubernetes } from './kubernetes.js'
import { run as otlpServer } from './otlp-server.js'
import { run as modes } from './modes.js'
import { run as overload } from './overload.js'
import { run as plugins } from './plugins/main.js'
import { run as rawstore } from './rawstore.js'
import { run as ring } from './ring.js'
import { run as impact } from './impact.js'
import { run as tap } from './tap.js'
import { run as store } from './store.js'
import { run as topology } from './topology.js'
import type { Report } from './report.js'

const benches: Readonly<Record<string, (report: Report) => void | Promise<void>>> = {
  batch,
  ring,
  'otlp-server': otlpServer,
  'k8s-attributes': k8sAttributes,
  kubernetes,
  modes,
  overload,
  durability,
  'disk-queue': diskQueue,
  ebpf,
  plugins,
  rawstore,
  topology,
  context,
  correlation,
  'correlation-links': correlationLinks,
  impact,
  store,
  api,
  collector,
  tap
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => benches[name] === undefined)
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
  process.exitCode = 2
} else {
  for (const [name, run] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    console.log(`\n== ${name}`)
    await run(line => console.log(line))
  }
}
