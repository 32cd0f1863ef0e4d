/** Faults of the network: of a node, of policies, names, addresses and queues. */
import { thing } from '../world/objects.js'
import { alive } from '../world/controllers.js'
import { objectRef } from '../world/names.js'
import { becomesNotReady, podsOf } from '../world/node-life.js'
import { crash, deletePod, taskOf } from '../world/pod-life.js'
import type { App, NodePart, Thing } from '../world/parts.js'
import type { Scenario } from '../scenario.js'
import { appRef, appsOn, fallout, formsOf, nodeRef, podRef, serviceRef, signs, stage } from '../scene.js'

export const packetLoss: Scenario = {
  name: 'network card of a node loses packets', layer: 'net', isLocal: true,
  story: 'The transmit queue of a node\'s network card hangs: segments are sent again and again, calls from and to its pods time out.',
  script (scene) {
    const { world, dice } = scene
    const node = scene.busyNode()
    const hit = (): App[] => appsOn(scene, node)
    scene.times(5, 0, 20_000, i => { world.journal(node, 'kernel', (j, atMs) => j.kernel(atMs, `NETDEV WATCHDOG: ${node.interfaceName} (ixgbe): transmit queue ${i} timed out`, 4)) })
    scene.times(3, 1500, 30_000, i => { world.journal(node, 'kernel', (j, atMs) => j.kernel(atMs, `ixgbe 0000:3b:00.0 ${node.interfaceName}: NIC Link is ${i % 2 === 0 ? 'Down' : 'Up'}`, 4)) })
    scene.times(120, 500, 1500, () => {
      const pod = scene.podsOn(node).find(p => p.isUp && dice.chance(0.4))
      if (pod === undefined) return
      const flow = { from: pod.ip, fromPort: dice.between(32_768, 60_000), to: '10.244.9.9', toPort: 8080 }
      world.kernel(node, 'net', (k, atMs) => [k.retransmit(atMs, taskOf(pod), flow, false, dice.between(1, 6)), k.drop(atMs + 1, taskOf(pod), flow, 'QDISC_DROP', { received: false })])
    })
    scene.traffic.break({ kind: 'timeout', of: (_, pod) => pod?.node === node && world.nowMs >= scene.faultMs, by: caller => caller.node !== node, share: 0.5 })
    scene.traffic.break({ kind: 'timeout', of: (_, pod) => pod?.node !== node && world.nowMs >= scene.faultMs, by: caller => caller.node === node, share: 0.5 })
    return () => {
      const apps = hit()
      const upstream = [...new Set(apps.flatMap(a => [a, ...scene.upstreamOf(a)]))]
      return {
        causes: ['nic*', 'network_interface*', 'packet_loss*', 'link*', 'node_network*', 'symptom.net.link*'], subjects: [nodeRef(node), { kind: 'Interface', namespace: node.name, name: node.interfaceName }],
        stages: {
          nic: stage('net.link_*', [nodeRef(node), { kind: 'Interface', namespace: node.name, name: node.interfaceName }], ['kernel']),
          loss: stage('net.* app.call_failed app.timeout', formsOf(...upstream)), errors: stage(signs.appFails, formsOf(...upstream))
        },
        edges: ['nic>loss', 'loss>errors'], affected: [nodeRef(node), ...upstream.map(serviceRef)]
      }
    }
  }
}

export const dnsDown: Scenario = {
  name: 'cluster DNS crashes', layer: 'net', isLocal: false,
  story: 'The Corefile is changed to something CoreDNS cannot read; its pods crash, and nobody in the cluster can look up a name.',
  script (scene) {
    const { world, traffic } = scene
    const dns = world.apps.find(a => a.service?.metadata.name === 'kube-dns') as App
    const how = { reason: 'Error' as const, exitCode: 1, log: 'plugin/forward: /etc/coredns/Corefile:9 - Error during parsing: not an IP address or file: "upstream-dns"' }
    scene.at(0, () => { world.put(world.thing('ConfigMap', 'kube-system', dns.config) as Thing) })
    scene.at(4000, () => {
      dns.fate = { kind: 'crash', livesMs: 900, how }
      for (const pod of alive(dns)) { traffic.log(pod, 'FATAL', how.log); crash(world, pod, how) }
    })
    traffic.break({ kind: 'dns', of: () => world.nowMs > scene.faultMs + 4000 && !alive(dns).some(p => p.isReady), share: 0.85 })
    return () => {
      const callers = world.apps.filter(a => a.role === 'http')
      return {
        causes: ['dns*', 'coredns*', 'config*', 'container_crash', 'crash*', 'symptom.k8s.crash_loop', 'symptom.k8s.config_changed', 'symptom.k8s.container_exited'], subjects: [...formsOf(dns), { kind: 'ConfigMap', namespace: 'kube-system', name: dns.config }],
        stages: {
          change: stage('k8s.config_changed', [{ kind: 'ConfigMap', namespace: 'kube-system', name: dns.config }]),
          crash: stage(`${signs.podDown} kernel.* app.*`, formsOf(dns)), down: stage(signs.workloadDown, formsOf(dns)),
          lookups: stage('net.* app.call_failed app.timeout', formsOf(...callers)), errors: stage(signs.appFails, formsOf(...callers))
        },
        edges: ['change>crash', 'crash>down', 'down>lookups', 'lookups>errors'], affected: [serviceRef(dns), ...callers.map(serviceRef)]
      }
    }
  }
}

export const policyChange: Scenario = {
  name: 'network policy blocks traffic', layer: 'net', isLocal: true,
  story: 'A NetworkPolicy is changed so that callers may no longer reach an application: their packets are dropped, they time out.',
  script (scene) {
    const { world, dice } = scene
    const app = scene.middle()
    const policy = thing(dice, { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: `${app.name}-allow`, namespace: app.namespace }, spec: { podSelector: { matchLabels: { ...app.labels } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] } }, world.nowMs - 5 * 86_400_000)
    world.put(policy)
    scene.at(0, () => {
      policy['spec'] = { podSelector: { matchLabels: { ...app.labels } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { role: 'frontends' } } }] }] }
      world.put(policy)
    })
    scene.traffic.break({ kind: 'timeout', of: callee => callee === app && world.nowMs > scene.faultMs + 800 })
    scene.times(100, 1000, 2000, () => {
      const [pod, caller] = [alive(app).find(p => p.isUp), scene.callersOf(app).flatMap(alive).find(p => p.isUp && dice.chance(0.5))]
      if (pod?.node === undefined || caller === undefined) return
      world.kernel(pod.node, 'net', (k, atMs) => k.drop(atMs, undefined, { from: caller.ip, fromPort: dice.between(32_768, 60_000), to: pod.ip, toPort: app.port }, 'NETFILTER_DROP'))
    })
    return () => {
      const fall = fallout(scene, app, 'policy')
      const ref = { kind: 'NetworkPolicy', namespace: app.namespace, name: policy.metadata.name }
      return {
        causes: ['network_policy*', 'policy*', 'symptom.k8s.policy_changed'], subjects: [ref], needs: ['k8s'],
        stages: { policy: stage('k8s.policy_changed', [ref]), drops: stage('net.packet_drop', formsOf(app)), ...fall.stages }, edges: ['policy>drops', 'drops>calls', ...fall.edges], affected: [appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}

/** The app's new pods have to go to one node. */
function grow (app: App, node: NodePart): void { app.pool = [node] }

export const addressesGone: Scenario = {
  name: 'no addresses left for pods', layer: 'net', isLocal: true,
  story: 'Leaked leases use up the pod addresses of a node: sandboxes of new pods fail, an application that was moved there does not start.',
  script (scene) {
    const { world } = scene
    const app = scene.middle()
    const node = scene.busyNode({ has: app })
    const range = `${node.subnet}.1-${node.subnet}.254`
    scene.at(-20_000, () => { world.cni(node, (c, atMs) => c.usage(atMs, 'pods', range, 232, 251)) })
    scene.at(0, () => {
      world.cni(node, (c, atMs) => c.usage(atMs, 'pods', range, 251, 251))
      app.fate = { kind: 'sandbox', message: `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${scene.dice.hex(64)}": plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: ${range}` }
      grow(app, node)
    })
    scene.at(3000, () => { for (const pod of alive(app)) deletePod(world, pod) })
    return () => {
      const fall = fallout(scene, app, 'down')
      return {
        causes: ['ip_*', 'ipam*', 'address*', 'symptom.net.ip_exhausted'], subjects: [nodeRef(node)],
        stages: { addresses: stage('net.ip_*', [nodeRef(node)]), sandbox: stage('net.cni_failed net.sandbox_failed k8s.pod_* k8s.failed_*', formsOf(app)), down: stage(`${signs.workloadDown} k8s.pod_not_ready`, formsOf(app)), ...fall.stages },
        edges: ['addresses>sandbox', 'sandbox>down', ...fall.edges], affected: [nodeRef(node), appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}

export const cniBroken: Scenario = {
  name: 'CNI configuration is broken', layer: 'net', isLocal: true,
  story: 'Somebody breaks the CNI configuration of a node: the runtime has no network, the node is not ready, its pods are taken out of service.',
  script (scene) {
    const { world } = scene
    const node = alive(scene.database())[0]?.node ?? scene.busyNode()
    let hit: App[] = []
    scene.at(0, () => {
      hit = [...new Set(podsOf(world, node).map(p => p.app))]
      world.cni(node, (c, atMs) => c.invalidConf(atMs, '10-pods.conflist', 'is not JSON: Unexpected token } in JSON at position 412'))
      world.journal(node, 'node', (j, atMs) => j.log(atMs, 'containerd.service', 'failed to reload cni configuration after receiving fs change event: cni config load failed: no network config found in /etc/cni/net.d: cni plugin not initialized: failed to load cni config', 3))
    })
    scene.at(12_000, () => {
      node.isReady = false
      becomesNotReady(world, node, 'False', 'KubeletNotReady', 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized')
    })
    scene.times(4, 14_000, 20_000, () => { world.event({ about: objectRef(node.object), type: 'Warning', reason: 'NetworkNotReady', note: 'network is not ready: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized', from: 'kubelet', node }) })
    return () => {
      const [callers, upstream] = [[...new Set(hit.flatMap(a => scene.callersOf(a)))], [...new Set(hit.flatMap(a => scene.upstreamOf(a)))]]
      const unit = { kind: 'Unit', namespace: node.name, name: 'containerd.service' }
      return {
        causes: ['cni*', 'network_plugin*', 'symptom.net.cni*'], subjects: [nodeRef(node), unit],
        stages: {
          conf: stage('net.cni_*', [nodeRef(node), unit]), log: stage('node.error net.cni_not_configured', [unit, nodeRef(node)]), lost: stage('node.not_ready node.network_unavailable node.kubelet_failed net.cni_not_configured', [nodeRef(node)], ['k8s']), pods: stage(signs.podDown, formsOf(...hit)), down: stage(signs.workloadDown, formsOf(...hit)),
          calls: stage(signs.callFails, formsOf(...callers)), errors: stage(signs.appFails, formsOf(...upstream))
        },
        edges: ['conf>lost', 'log>lost', 'conf>log', 'lost>pods', 'pods>down', 'down>calls', 'calls>errors'], affected: [nodeRef(node), ...hit.map(serviceRef), ...upstream.map(serviceRef)]
      }
    }
  }
}

export const acceptQueue: Scenario = {
  name: 'accept queue overflows', layer: 'net', isLocal: true,
  story: 'An application accepts too slowly: its listen queue is full, SYNs are ignored, callers time out.',
  script (scene) {
    const { world, dice } = scene
    const app = scene.middle()
    scene.times(100, 0, 2000, () => {
      for (const pod of alive(app)) {
        if (!pod.isUp || pod.node === undefined) continue
        world.kernel(pod.node, 'net', (k, atMs) => k.listenOverflow(atMs, taskOf(pod), { from: pod.ip, fromPort: app.port, to: scene.callersOf(app)[0]?.pods[0]?.ip ?? '10.244.1.9', toPort: dice.between(32_768, 60_000) }, 129, 128))
      }
    })
    scene.traffic.break({ kind: 'timeout', of: callee => callee === app && world.nowMs > scene.faultMs, share: 0.7 })
    return () => {
      const fall = fallout(scene, app, 'queue')
      return {
        causes: ['listen*', 'accept*', 'backlog*', 'symptom.net.accept_queue_full'], subjects: formsOf(app), needs: ['net'],
        stages: { queue: stage('net.accept_queue_full', formsOf(app)), ...fall.stages }, edges: fall.edges, affected: [appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}

export const conntrackFull: Scenario = {
  name: 'connection table of a node is full', layer: 'net', isLocal: true,
  story: 'The conntrack table of a node is full: packets of new connections from and to its pods are dropped.',
  script (scene) {
    const { world } = scene
    const node = scene.busyNode()
    scene.times(20, 0, 9000, () => { world.journal(node, 'kernel', (j, atMs) => j.kernel(atMs, 'nf_conntrack: nf_conntrack: table full, dropping packet', 4)) })
    scene.traffic.break({ kind: 'timeout', of: (_, pod) => pod?.node === node && world.nowMs > scene.faultMs, share: 0.6 })
    scene.traffic.break({ kind: 'timeout', of: (_, pod) => pod?.node !== node && world.nowMs > scene.faultMs, by: caller => caller.node === node, share: 0.6 })
    return () => {
      const apps = appsOn(scene, node)
      const upstream = [...new Set(apps.flatMap(a => [a, ...scene.upstreamOf(a)]))]
      return {
        causes: ['conntrack*', 'symptom.net.conntrack_full'], subjects: [nodeRef(node)], needs: ['kernel'],
        stages: { table: stage('net.conntrack_full', [nodeRef(node)], ['kernel']), calls: stage(signs.callFails, formsOf(...upstream)), errors: stage(signs.appFails, formsOf(...upstream)) },
        edges: ['table>calls', 'calls>errors'], affected: [nodeRef(node), ...upstream.map(serviceRef)]
      }
    }
  }
}

export const schedulerDown: Scenario = {
  name: 'scheduler is down', layer: 'k8s', isLocal: false,
  story: 'The scheduler crash-loops: new pods stay Pending, and nobody says anything about them.',
  script (scene) {
    const { world } = scene
    const scheduler = world.app('kube-system', 'kube-scheduler') as App
    const home = alive(scheduler)[0]?.node
    const app = scene.middle()
    const how = { reason: 'Error' as const, exitCode: 1, log: '"command failed" err="stat /etc/kubernetes/scheduler.conf: permission denied"' }
    scene.at(0, () => {
      scheduler.fate = { kind: 'crash', livesMs: 1200, how }
      for (const pod of alive(scheduler)) { scene.traffic.log(pod, 'FATAL', how.log); crash(world, pod, how) }
      for (const a of world.apps) if (a !== scheduler) a.fate = { kind: 'unseen' }
    })
    scene.at(20_000, () => { for (const pod of alive(app)) deletePod(world, pod) })
    return () => {
      const fall = fallout(scene, app, 'down')
      return {
        causes: ['kube_scheduler*', 'scheduler*', 'control_plane*', 'container_crash', 'symptom.k8s.crash_loop', 'symptom.k8s.container_exited'], subjects: [...scheduler.pods.map(podRef), ...formsOf(scheduler), ...(home === undefined ? [] : [nodeRef(home)])],
        stages: { scheduler: stage(`${signs.podDown} kernel.* app.*`, formsOf(scheduler)), pending: stage('k8s.pod_* k8s.failed_scheduling k8s.deleted', formsOf(app)), down: stage(signs.workloadDown, formsOf(app)), ...fall.stages },
        edges: ['scheduler>pending', 'scheduler>down', 'pending>down', ...fall.edges], affected: [...scheduler.pods.map(podRef), appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}

