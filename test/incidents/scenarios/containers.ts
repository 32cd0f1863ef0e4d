/** Faults of one workload's containers. */
import { againUntil, crash, taskOf } from '../world/pod-life.js'
import { alive } from '../world/controllers.js'
import type { Ending, Pod } from '../world/parts.js'
import type { Scenario } from '../scenario.js'
import { appRef, fallout, formsOf, podRef, processesOf, serviceRef, signs, stage, type Scene } from '../scene.js'

const mib = 1048576

/** Every pod of the app is killed at its limit again and again. */
function outOfMemory (scene: Scene, pod: Pod, limitMi: number): void {
  const { world } = scene
  if (!pod.isUp || pod.node === undefined) return
  const task = taskOf(pod)
  world.kernel(pod.node, 'kernel', (k, atMs) => k.stall(atMs, task, 40, 900, false))
  world.sim.after(400, () => {
    if (!pod.isUp || pod.node === undefined) return
    world.kernel(pod.node, 'kernel', (k, atMs) => k.oomKill(atMs, task, { limitBytes: limitMi * mib, usedBytes: limitMi * mib, anonBytes: Math.round(limitMi * 0.95 * mib) }))
    crash(world, pod, { reason: 'OOMKilled', exitCode: 137 })
  })
}

export const memoryLimit: Scenario = {
  name: 'container memory limit', layer: 'kernel', isLocal: true,
  story: 'A workload needs more memory than its limit: the kernel kills its containers, they crash-loop, its Service has no endpoint, callers are refused.',
  script (scene) {
    const app = scene.middle()
    const { memoryMi } = app
    scene.at(0, () => {
      app.fate = { kind: 'crash', livesMs: 1_000_000, how: { reason: 'OOMKilled', exitCode: 137 } }
      for (const pod of alive(app)) {
        scene.world.sim.after(scene.dice.below(4000), () => { againUntil(scene.world, 5000, () => { outOfMemory(scene, pod, memoryMi); return !pod.isGone }) })
      }
    })
    return () => {
      const fall = fallout(scene, app, 'down')
      return {
        causes: ['oom_killed', 'memory_limit*', 'container_memory*', 'container_oom*', 'symptom.kernel.oom_kill', 'symptom.k8s.container_oom_killed'], subjects: formsOf(app),
        stages: { oom: stage('kernel.oom_kill kernel.memory_stall kernel.fatal_signal', formsOf(app)), killed: stage('k8s.container_oom_killed k8s.crash_loop ' + signs.podDown, formsOf(app)), down: stage(signs.workloadDown, formsOf(app)), ...fall.stages },
        edges: ['oom>killed', 'killed>down', ...fall.edges], affected: [appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}

/** The app's pods crash by themselves, soon after each start. */
function crashing (scene: Scene, app: Pod['app'], how: Ending, livesMs: number): void {
  app.fate = { kind: 'crash', how, livesMs }
  for (const pod of alive(app)) {
    scene.world.sim.after(scene.dice.below(3000), () => {
      if (how.log !== undefined) scene.traffic.log(pod, 'FATAL', how.log)
      crash(scene.world, pod, how)
    })
  }
}

export const segfault: Scenario = {
  name: 'segfault after node library update', layer: 'kernel', isLocal: true,
  story: 'A native library is broken: processes of one workload end by SIGSEGV soon after each start.',
  script (scene) {
    const app = scene.middle()
    scene.at(0, () => {
      crashing(scene, app, { reason: 'Error', exitCode: 139, signal: 11, core: true }, 2500)
      againUntil(scene.world, 9000, () => {
        for (const pod of app.pods) {
          const [node, task] = [pod.node, pod.task]
          if (pod.isUp || node === undefined || task === undefined || pod.isGone) continue
          scene.world.journal(node, 'kernel', (j, atMs) => j.kernel(atMs, `${task.comm}[${task.pid}]: segfault at 18 ip 00007f3c2a41b2d4 sp 00007ffd5c1e0a90 error 4 in libcrypto.so.3[7f3c2a300000+2a0000]`))
        }
        return scene.world.nowMs < scene.faultMs + 60_000
      })
    })
    return () => {
      const fall = fallout(scene, app, 'down')
      return {
        causes: ['segfault*', 'fatal_signal*', 'container_crash', 'crash*', 'symptom.kernel.fatal_signal'], subjects: formsOf(app),
        stages: { signal: stage('kernel.fatal_signal node.core_dump', [...formsOf(app), ...processesOf(app)]), crash: stage(signs.podDown, formsOf(app)), down: stage(signs.workloadDown, formsOf(app)), ...fall.stages },
        edges: ['signal>crash', 'crash>down', ...fall.edges], affected: [appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}

export const tightLiveness: Scenario = {
  name: 'liveness probe too tight', layer: 'k8s', isLocal: true,
  story: 'The liveness probe waits less than the application needs under load: the kubelet kills healthy containers again and again.',
  script (scene) {
    const app = scene.middle()
    scene.at(0, () => {
      const template = (app.workload['spec'] as { template: { spec: { containers: { livenessProbe: Record<string, unknown> }[] } } }).template
      ;(template.spec.containers[0] as { livenessProbe: Record<string, unknown> }).livenessProbe['timeoutSeconds'] = 1
      for (const pod of alive(app)) {
        againUntil(scene.world, 26_000, () => {
          const [node, world] = [pod.node, scene.world]
          if (pod.isGone || node === undefined) return false
          if (!pod.isUp) return true
          const about = podRef(pod)
          world.event({ about: { ...about, uid: pod.uid }, type: 'Warning', reason: 'Unhealthy', note: `Liveness probe failed: Get "http://${pod.ip}:${app.port}/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, from: 'kubelet', node, container: app.container })
          world.sim.after(10_000, () => {
            if (!pod.isUp) return
            world.event({ about: { ...about, uid: pod.uid }, type: 'Normal', reason: 'Killing', note: `Container ${app.container} failed liveness probe, will be restarted`, from: 'kubelet', node, container: app.container })
            crash(world, pod, { reason: 'Error', exitCode: 143, signal: 15 })
          })
          return true
        })
      }
    })
    return () => {
      const fall = fallout(scene, app, 'down')
      return {
        causes: ['liveness_probe*', 'symptom.k8s.probe_failed', 'symptom.k8s.probe_killed'], subjects: formsOf(app),
        stages: { probe: stage('k8s.probe_failed k8s.probe_killed', formsOf(app)), crash: stage('k8s.container_* k8s.crash_loop k8s.pod_not_ready kernel.*', formsOf(app), ['k8s']), down: stage(signs.workloadDown, formsOf(app)), ...fall.stages },
        edges: ['probe>crash', 'crash>down', ...fall.edges], affected: [appRef(app), serviceRef(app), ...fall.affected]
      }
    }
  }
}
