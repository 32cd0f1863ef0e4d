/** Faults between applications: Services, certificates, slow dependencies, autoscaling at its end. */
import { alive, sync } from '../world/controllers.js'
import { objectRef } from '../world/names.js'
import type { App, Thing } from '../world/parts.js'
import type { Scenario } from '../scenario.js'
import { appRef, fallout, formsOf, serviceRef, signs, stage } from '../scene.js'

export const selectorTypo: Scenario = {
  name: 'selector of a Service is wrong', layer: 'k8s', isLocal: true,
  story: 'Somebody changes the selector of a Service to labels that no pod has: it has no endpoints, callers are refused.',
  script (scene) {
    const app = scene.middle()
    scene.at(0, () => {
      const service = app.service as Thing
      const spec = service['spec'] as { selector: Record<string, string> }
      spec.selector = { ...spec.selector, app: `${app.name}s` }
      scene.world.put(service)
      sync(scene.world, app)
    })
    return () => {
      const fall = fallout(scene, app, 'endpoints')
      return {
        causes: ['service_selector_mismatch', 'service_selector*', 'symptom.k8s.service_changed'], subjects: [serviceRef(app)], needs: ['k8s'],
        stages: { change: stage('k8s.service_changed', [serviceRef(app)]), endpoints: stage('k8s.no_endpoints k8s.endpoints_lost', formsOf(app)), ...fall.stages },
        edges: ['change>endpoints', ...fall.edges], affected: [serviceRef(app), ...fall.affected]
      }
    }
  }
}

export const wrongTargetPort: Scenario = {
  name: 'target port of a Service is wrong', layer: 'k8s', isLocal: true,
  story: 'Somebody changes the target port of a Service to one where nobody listens: its endpoints look well, callers are refused.',
  script (scene) {
    const app = scene.middle()
    scene.at(0, () => {
      const service = app.service as Thing
      ;((service['spec'] as { ports: { targetPort: number }[] }).ports[0] as { targetPort: number }).targetPort = app.port + 10
      scene.world.put(service)
      for (const slice of [...scene.world.things.values()]) {
        if (slice.kind !== 'EndpointSlice' || slice.metadata.namespace !== app.namespace || slice.metadata.labels?.['kubernetes.io/service-name'] !== app.name) continue
        slice['ports'] = [{ name: 'main', port: app.port + 10, protocol: 'TCP' }]
        scene.world.put(slice)
      }
    })
    scene.traffic.break({ kind: 'refused', of: callee => callee === app && scene.world.nowMs > scene.faultMs + 700 })
    return () => {
      const fall = fallout(scene, app, 'change')
      return {
        causes: ['service_port*', 'target_port*', 'symptom.k8s.service_changed'], subjects: [serviceRef(app)], needs: ['k8s'],
        stages: { change: stage('k8s.service_changed', [serviceRef(app)]), ...fall.stages }, edges: fall.edges, affected: [serviceRef(app), ...fall.affected]
      }
    }
  }
}

export const certificate: Scenario = {
  name: 'certificate has expired', layer: 'app', isLocal: true,
  story: 'The certificate of an application runs out: callers refuse to speak to it, everything else looks well.',
  script (scene) {
    const { world, traffic } = scene
    const app = scene.middle()
    traffic.break({ kind: 'tls', of: callee => callee === app && world.nowMs > scene.faultMs })
    scene.times(60, 500, 3500, () => {
      const pod = alive(app).find(p => p.isUp)
      if (pod !== undefined) traffic.log(pod, 'WARN', 'http: TLS handshake error from 10.244.2.7:51122: remote error: tls: expired certificate')
    })
    return () => {
      const fall = fallout(scene, app, 'expired')
      return {
        causes: ['certificate*', 'tls*', 'symptom.net.tls_failure'], subjects: [...formsOf(app), { kind: 'Secret', namespace: app.namespace, name: app.secret }], needs: ['app'],
        stages: { expired: stage('net.tls_failure app.*', formsOf(app)), ...fall.stages }, edges: fall.edges, affected: [appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}

export const slowDatabase: Scenario = {
  name: 'database is slow', layer: 'app', isLocal: true,
  story: 'A database answers after seconds: pools of connections run empty, callers time out, and so do theirs.',
  script (scene) {
    const { world, traffic } = scene
    const app = scene.database()
    traffic.break({ kind: 'slow', tookMs: 5000, of: callee => callee === app && world.nowMs > scene.faultMs, share: 0.9 })
    scene.times(50, 500, 4000, i => {
      const pod = alive(app).find(p => p.isUp)
      if (pod !== undefined) traffic.log(pod, 'ERROR', i % 2 === 0 ? 'FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute' : 'LOG:  duration: 5123.4 ms  statement: SELECT * FROM items WHERE owner = $1')
    })
    scene.times(60, 4000, 3000, () => {
      const caller = scene.callersOf(app).flatMap(alive).find(p => p.isUp && scene.dice.chance(0.5))
      if (caller !== undefined) traffic.log(caller, 'ERROR', 'connection pool exhausted: no connection within 2000 ms (active 20, idle 0, waiting 41)')
    })
    return () => {
      const fall = fallout(scene, app, 'slow')
      return {
        causes: ['slow*', 'dependency*', 'connection_pool*', 'latency*', 'database*', 'connection_*', 'too_many_connections*', 'symptom.app.connections_exhausted', 'symptom.app.slow', 'symptom.app.timeout', 'symptom.app.log_error'], subjects: formsOf(app), needs: ['app'],
        stages: { slow: stage('app.*', formsOf(app)), ...fall.stages, errors: stage(signs.appFails, formsOf(...scene.upstreamOf(app))) }, edges: fall.edges, affected: [appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}

export const wrongPassword: Scenario = {
  name: 'password was changed on one side', layer: 'app', isLocal: true,
  story: 'A Secret is rotated, the database still has the old password: whoever reads the new one cannot log in.',
  script (scene) {
    const { world, traffic } = scene
    const app = scene.database()
    const caller = scene.dice.pick(scene.callersOf(app).filter(a => a.role === 'http'))
    const secret = { kind: 'Secret', namespace: app.namespace, name: caller.secret }
    scene.at(0, () => { world.put(world.thing('Secret', caller.namespace, caller.secret) as Thing) })
    scene.at(8000, () => { traffic.break({ kind: 'auth', of: callee => callee === app, by: pod => pod.app === caller }) })
    scene.times(60, 8000, 3000, () => {
      const [server, client] = [alive(app).find(p => p.isUp), alive(caller).find(p => p.isUp)]
      if (server !== undefined) traffic.log(server, 'ERROR', `FATAL:  password authentication failed for user "${caller.name}"`)
      if (client !== undefined) traffic.log(client, 'ERROR', `database login failed: password authentication failed for user "${caller.name}"`)
    })
    return () => {
      const upstream = [caller, ...scene.upstreamOf(caller)]
      return {
        causes: ['auth*', 'credential*', 'secret*', 'config*', 'symptom.k8s.config_changed', 'symptom.app.auth_failed'], subjects: [secret, ...formsOf(caller)],
        stages: { change: stage('k8s.config_changed', [secret]), errors: stage('app.* net.*', formsOf(...upstream)), server: stage('app.*', formsOf(app)) },
        edges: ['change>errors', 'change>server', 'server>errors', 'errors>server'], affected: upstream.flatMap(a => [appRef(a), serviceRef(a)])
      }
    }
  }
}

export const throttled: Scenario = {
  name: 'autoscaler is at its end', layer: 'k8s', isLocal: true,
  story: 'Load grows until the autoscaler may add no more pods: they are throttled, answers take seconds, callers time out.',
  script (scene) {
    const { world, traffic } = scene
    const app: App = scene.middle()
    let scaler = world.thing('HorizontalPodAutoscaler', app.namespace, app.name)
    if (scaler === undefined) {
      scaler = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: app.name, namespace: app.namespace, uid: scene.dice.uuid(), resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { minReplicas: app.replicas, maxReplicas: app.replicas, scaleTargetRef: { apiVersion: 'apps/v1', kind: app.kind, name: app.name } }, status: { currentReplicas: app.replicas, desiredReplicas: app.replicas, conditions: [{ type: 'ScalingLimited', status: 'False', reason: 'DesiredWithinRange' }] } }
      world.put(scaler)
    }
    const limited = scaler
    ;(limited['spec'] as { maxReplicas: number }).maxReplicas = app.replicas
    scene.at(0, () => {
      const status = limited['status'] as { conditions: { type: string, status: string, reason: string, message?: string }[] }
      status.conditions = [...status.conditions.filter(c => c.type !== 'ScalingLimited'), { type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' }]
      world.put(limited)
    })
    traffic.break({ kind: 'slow', tookMs: 4200, of: callee => callee === app && world.nowMs > scene.faultMs + 2000, share: 0.8 })
    scene.times(40, 3000, 4500, () => {
      for (const pod of alive(app)) if (pod.isUp && pod.node !== undefined && scene.dice.chance(0.5)) world.event({ about: objectRef(pod.object), type: 'Warning', reason: 'Unhealthy', note: `Readiness probe failed: Get "http://${pod.ip}:${app.port}/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, from: 'kubelet', node: pod.node, container: app.container })
    })
    return () => {
      const fall = fallout(scene, app, 'slow')
      const ref = { kind: 'HorizontalPodAutoscaler', namespace: app.namespace, name: app.name }
      return {
        causes: ['autoscal*', 'hpa*', 'pod_cpu_overload', 'cpu*', 'throttl*', 'capacity*', 'symptom.k8s.autoscaler_limited'], subjects: [ref, ...formsOf(app)], needs: ['k8s'],
        stages: { limit: stage('k8s.autoscaler_*', [ref, ...formsOf(app)]), slow: stage('k8s.probe_failed app.slow app.*', formsOf(app)), ...fall.stages }, edges: ['limit>slow', ...fall.edges], affected: [appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}
