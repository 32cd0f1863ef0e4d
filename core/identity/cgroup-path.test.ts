/**
 * Scenario: cgroup paths as runtimes make them, with the ids they were reported with in public issue threads and test suites.
 * Guarantees: runtime, container, pod, QoS, unit and nesting of each; look-alikes are no containers; no input throws.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { bestIdentity, parseCgroupPath, type CgroupIdentity } from './cgroup-path.js'
import { identityOfLines, parseProcCgroup } from './proc-cgroup.js'

const id = '8447f8fa852e0fb592bb4bc23c5f46f5c0ce260c63fab167629176e7695d5209'
const node = 'd6701ec289c56e4391acb11d07474b3139466857a305490575508a8b7a9fcf22'
const uid = '2ca4a155-3599-498d-bb9d-4446693fa3ea'
const uid_ = uid.replaceAll('-', '_')
const burstable = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid_}.slice`
const kind = `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${uid_}.slice`
const pod = { podUid: uid, qos: 'burstable' } as const

const paths: readonly [string, string, CgroupIdentity][] = [
  ['containerd, systemd driver', `${burstable}/cri-containerd-${id}.scope`, { kind: 'container', runtime: 'containerd', containerId: id, ...pod }],
  ['containerd, systemd driver, guaranteed', `/kubepods.slice/kubepods-pod${uid_}.slice/cri-containerd-${id}.scope`, { kind: 'container', runtime: 'containerd', containerId: id, podUid: uid, qos: 'guaranteed' }],
  ['CRI-O, systemd driver', `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uid_}.slice/crio-${id}.scope`, { kind: 'container', runtime: 'cri-o', containerId: id, podUid: uid, qos: 'besteffort' }],
  ['CRI-O, a directory in the container', `${burstable}/crio-${id}.scope/container`, { kind: 'container', runtime: 'cri-o', containerId: id, ...pod }],
  ['CRI-O, cgroupfs driver', `/kubepods/burstable/pod${uid}/crio-${id}`, { kind: 'container', runtime: 'cri-o', containerId: id, ...pod }],
  ['CRI-O, its monitor', `${burstable}/crio-conmon-${id}.scope`, { kind: 'monitor', runtime: 'cri-o', containerId: id, ...pod }],
  ['CRI-O, its monitor, cgroupfs driver', `/kubepods/besteffort/pod${uid}/crio-conmon-${id}`, { kind: 'monitor', runtime: 'cri-o', containerId: id, podUid: uid, qos: 'besteffort' }],
  ['Docker of Kubernetes, systemd driver', `${burstable}/docker-${id}.scope`, { kind: 'container', runtime: 'docker', containerId: id, ...pod }],
  ['cgroupfs driver, any runtime', `/kubepods/burstable/pod${uid}/${id}`, { kind: 'container', containerId: id, ...pod }],
  ['cgroupfs driver, guaranteed', `/kubepods/pod${uid}/${id}`, { kind: 'container', containerId: id, podUid: uid, qos: 'guaranteed' }],
  ['cgroupfs driver, a pod with a uid that is none', '/kubepods/burstable/poduid-0/abc1', { kind: 'container', containerId: 'abc1', podUid: 'uid-0', qos: 'burstable' }],
  ['a static pod, whose uid is a hash', `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod83b090de9676407c99aad33dc6aa0c0d.slice/cri-containerd-${id}.scope`, { kind: 'container', runtime: 'containerd', containerId: id, podUid: '83b090de9676407c99aad33dc6aa0c0d', qos: 'burstable' }],
  ['kubelet systemd, containerd cgroupfs', `/system.slice/containerd.service/kubepods-burstable-pod${uid_}.slice:cri-containerd:${id}`, { kind: 'container', runtime: 'containerd', containerId: id, ...pod }],
  ['the same at the root, guaranteed', `/kubepods-pod${uid_}.slice:cri-containerd:${id}`, { kind: 'container', runtime: 'containerd', containerId: id, podUid: uid, qos: 'guaranteed' }],
  ['a pod alone', burstable, { kind: 'pod', ...pod }],
  ['a pod alone, cgroupfs driver', `/kubepods/pod${uid}`, { kind: 'pod', podUid: uid, qos: 'guaranteed' }],
  ['a QoS class alone', '/kubepods.slice/kubepods-besteffort.slice', { kind: 'other', qos: 'besteffort' }],
  ['Docker, systemd driver', `/system.slice/docker-${id}.scope`, { kind: 'container', runtime: 'docker', containerId: id }],
  ['Docker, cgroupfs driver', `/docker/${id}`, { kind: 'container', runtime: 'docker', containerId: id }],
  ['an old Docker, id at the root', `/${id}`, { kind: 'container', containerId: id }],
  ['Docker with a cgroup parent of its own', `/actions_job/${id}`, { kind: 'container', containerId: id }],
  ['nerdctl, systemd driver', `/system.slice/nerdctl-${id}.scope`, { kind: 'container', runtime: 'containerd', containerId: id }],
  ['nerdctl, cgroupfs driver', `/default/${id}`, { kind: 'container', runtime: 'containerd', containerId: id }],
  ['podman', `/machine.slice/libpod-${id}.scope`, { kind: 'container', runtime: 'podman', containerId: id }],
  ['podman, a directory in the container', `/machine.slice/libpod-${id}.scope/container`, { kind: 'container', runtime: 'podman', containerId: id }],
  ['podman, its monitor', `/machine.slice/libpod-conmon-${id}.scope`, { kind: 'monitor', runtime: 'podman', containerId: id }],
  ['podman, cgroupfs driver', `/libpod_parent/libpod-${id}`, { kind: 'container', runtime: 'podman', containerId: id }],
  ['podman in a pod of its own', `/machine.slice/machine-libpod_pod_${node}.slice/libpod-${id}.scope`, { kind: 'container', runtime: 'podman', containerId: id }],
  ['podman without root', `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container`, { kind: 'container', runtime: 'podman', containerId: id, userId: 1000 }],
  ['the podman program itself', '/user.slice/user-1000.slice/user@1000.service/user.slice/podman-25446.scope', { kind: 'unit', unit: 'podman-25446.scope', userId: 1000 }],
  ['kind, seen from its node', `${kind}/cri-containerd-${id}.scope`, { kind: 'container', runtime: 'containerd', containerId: id, podUid: uid, qos: 'besteffort' }],
  ['kind, seen from the machine', `/docker/${node}${kind}/cri-containerd-${id}.scope`, { kind: 'container', runtime: 'containerd', containerId: id, podUid: uid, qos: 'besteffort', outer: [node] }],
  ['kind on a systemd Docker', `/system.slice/docker-${node}.scope${kind}/cri-containerd-${id}.scope`, { kind: 'container', runtime: 'containerd', containerId: id, podUid: uid, qos: 'besteffort', outer: [node] }],
  ['kind, cgroupfs driver', `/docker/${node}/kubelet/kubepods/besteffort/pod${uid}/${id}`, { kind: 'container', containerId: id, podUid: uid, qos: 'besteffort', outer: [node] }],
  ['a service of a kind node', `/docker/${node}/system.slice/containerd.service`, { kind: 'container', runtime: 'docker', containerId: node, unit: 'containerd.service' }],
  ['minikube, CRI-O in Docker', `/docker/${node}/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uid_}.slice/crio-${id}.scope`, { kind: 'container', runtime: 'cri-o', containerId: id, podUid: uid, qos: 'besteffort', outer: [node] }],
  ['k3s', `/kubepods/besteffort/pod${uid}/${id}`, { kind: 'container', containerId: id, podUid: uid, qos: 'besteffort' }],
  ['k3s, the service', '/system.slice/k3s.service', { kind: 'unit', unit: 'k3s.service' }],
  ['k3d', `/docker/${node}/kubepods/burstable/pod${uid}/${id}`, { kind: 'container', containerId: id, ...pod, outer: [node] }],
  ['Docker in a pod', `${burstable}/cri-containerd-${node}.scope/docker/${id}`, { kind: 'container', runtime: 'docker', containerId: id, outer: [node] }],
  ['systemd in a pod', `${burstable}/cri-containerd-${id}.scope/system.slice/sshd.service`, { kind: 'container', runtime: 'containerd', containerId: id, ...pod, unit: 'sshd.service' }],
  ['a Kubernetes in a pod', `${burstable}/cri-containerd-${node}.scope/kubepods/pod0f99ad5f-4516-4d14-ab8e-af92ed34bb4a/${id}`, { kind: 'container', containerId: id, podUid: '0f99ad5f-4516-4d14-ab8e-af92ed34bb4a', qos: 'guaranteed', outer: [node] }],
  ['ECS', `/ecs/4ead8bbe5e/${id}`, { kind: 'container', runtime: 'ecs', containerId: id }],
  ['ECS with the cluster in the path', `/ecs/shop/432624d2150b4b0f8b1f0a8f2ddf1a9c/${id}`, { kind: 'container', runtime: 'ecs', containerId: id }],
  ['Fargate', '/ecs/55091c13b8cf4801b527f8601742204e/55091c13b8cf4801b527f8601742204e-432624d2150b', { kind: 'other' }],
  ['Fargate, a container', '/ecs/55091c13b8cf4801b527f8601742204e/55091c13b8cf4801b527f8601742204e-4326242150', { kind: 'container', runtime: 'ecs', containerId: '55091c13b8cf4801b527f8601742204e-4326242150' }],
  ['LXC 4', '/lxc.payload.web/system.slice/nginx.service', { kind: 'container', runtime: 'lxc', containerId: 'web', unit: 'nginx.service' }],
  ['LXC, its monitor', '/lxc.monitor.web', { kind: 'monitor', runtime: 'lxc', containerId: 'web' }],
  ['LXC of Proxmox', '/lxc/101/ns', { kind: 'container', runtime: 'lxc', containerId: '101' }],
  ['LXC of Proxmox, its monitor', '/lxc.monitor/101', { kind: 'monitor', runtime: 'lxc', containerId: '101' }],
  ['systemd-nspawn', '/machine.slice/systemd-nspawn@build\\x2d1.service/payload/system.slice/cron.service', { kind: 'container', runtime: 'systemd-nspawn', containerId: 'build-1', unit: 'cron.service' }],
  ['a service', '/system.slice/ssh.service', { kind: 'unit', unit: 'ssh.service' }],
  ['a service of a template', '/system.slice/system-getty.slice/getty@tty1.service', { kind: 'unit', unit: 'getty@tty1.service' }],
  ['a login', '/user.slice/user-1000.slice/session-3.scope', { kind: 'unit', unit: 'session-3.scope', userId: 1000 }],
  ['a service of a user', '/user.slice/user-1000.slice/user@1000.service/app.slice/emacs.service', { kind: 'unit', unit: 'emacs.service', userId: 1000 }],
  ['PID 1', '/init.scope', { kind: 'unit', unit: 'init.scope' }],
  ['a virtual machine', '/machine.slice/machine-qemu\\x2d1\\x2dvm.scope', { kind: 'unit', unit: 'machine-qemu\\x2d1\\x2dvm.scope' }],
  ['a mount unit with an id in its name', `/system.slice/run-containerd-${id}-rootfs.mount`, { kind: 'unit', unit: `run-containerd-${id}-rootfs.mount` }],
  ['a slice', '/system.slice', { kind: 'other' }],
  ['the root', '/', { kind: 'other' }],
  ['nothing', '', { kind: 'other' }],
  ['a sandbox of 32 digits', '/process_api/4a6408f627df8ec847550064ebf5ffd7', { kind: 'other' }],
  ['docker.service is no container', '/system.slice/docker.service', { kind: 'unit', unit: 'docker.service' }],
  ['an id one digit too short', `/docker/${id.slice(1)}`, { kind: 'other' }],
  ['a directory called pod outside of kubepods', '/podinfo/x', { kind: 'other' }],
  ['gone, as /proc says it', `/docker/${id} (deleted)`, { kind: 'container', runtime: 'docker', containerId: id }],
  ['from another cgroup namespace', `/../../kubepods/burstable/pod${uid}/${id}`, { kind: 'container', containerId: id, ...pod }]
]
for (const [name, path, expected] of paths) {
  test(name, () => { assert.equal(parseCgroupPath(path), expected, path) })
}

test('no path makes it throw or answer something that is not in the path', () => {
  const random = seeded(7)
  const pieces = paths.flatMap(([, path]) => path.split('/'))
  for (let i = 0; i < 20_000; i++) {
    const path = Array.from({ length: random.below(8) }, () => {
      const piece = random.pick(pieces)
      return random.chance(0.3) ? piece.slice(random.below(piece.length + 1)) + String.fromCharCode(random.below(300)) : piece
    }).join('/')
    const { containerId, kind: found } = parseCgroupPath(path)
    if (containerId !== undefined) assert.ok(path.includes(containerId) || path.replaceAll('\\x2d', '-').includes(containerId), path)
    assert.is(containerId !== undefined, found === 'container' || found === 'monitor', path)
  }
})

test('on a hybrid machine the line that says most counts', () => {
  const lines = parseProcCgroup(`9:name=systemd:/system.slice/containerd.service\n4:memory:/kubepods/burstable/pod${uid}/${id}\n2:cpu,cpuacct:/\nnonsense\n0::/\n`)
  assert.equal(lines.map(l => l.hierarchy), [9, 4, 2, 0])
  assert.equal(lines[2]?.controllers, ['cpu', 'cpuacct'])
  assert.equal(identityOfLines(lines), { kind: 'container', containerId: id, ...pod })
  assert.equal(identityOfLines(parseProcCgroup('0::/system.slice/a:b.service\n')), { kind: 'unit', unit: 'a:b.service' })
  assert.equal(identityOfLines([]), { kind: 'other' })
})

test('of several identities the most telling counts, the first of equals', () => {
  assert.equal(bestIdentity([{ kind: 'unit', unit: 'a.service' }, { kind: 'unit', unit: 'b.service' }]), { kind: 'unit', unit: 'a.service' })
  assert.is(bestIdentity([{ kind: 'pod' }, { kind: 'container' }, { kind: 'unit' }]).kind, 'container')
})

test.run()
