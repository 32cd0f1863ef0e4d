/** `npm run test:cluster`: against the API server of `$KUBECONFIG`, for `$TAPIO_CLUSTER_SECONDS` (30). */
import { clusterRun } from './cluster-run.js'

const { KUBECONFIG: kubeconfig = '', TAPIO_CLUSTER_SECONDS: seconds = '30' } = process.env

// Timers of the system clock keep no process alive.
const alive = setInterval(() => undefined, 1000)
if (kubeconfig === '') console.log('SKIP test:cluster: KUBECONFIG is not set; set it to a kubeconfig of a cluster that may be read (rights: configs/kubernetes-rbac.yaml)')
else {
  const faults = await clusterRun(kubeconfig, Number(seconds) * 1000, line => { console.log(line) })
  for (const fault of faults) console.error(`FAIL ${fault}`)
  if (faults.length > 0) process.exitCode = 1
}
clearInterval(alive)
