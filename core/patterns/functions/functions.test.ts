/** Guarantees: every function gives what its line in README says on ordinary objects, and throws on none that is oddly made. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nowMs, sceneWith, valueOf } from '../testing.js'
import { functions } from './index.js'
import { hostPortsIn } from './host-ports.js'
import { imageParts } from './containers.js'
import { quantity } from './quantity.js'

const container = { name: 'main', image: 'registry.example:5000/team/app:1.2', ports: [{ name: 'http', containerPort: 8080 }], env: [{ name: 'DB_HOST', value: 'db:5432' }, { name: 'MODE', value: 'info' }], args: ['--cache=redis.cache.svc:6379'], resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { memory: '2Gi' } }, livenessProbe: { httpGet: { path: '/live', port: 'http' }, timeoutSeconds: 3 }, readinessProbe: { tcpSocket: { port: 9090 } } }
const template = { metadata: { labels: { app: 'cart' } }, spec: { containers: [container], nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }] } }
const scene = sceneWith([
  { kind: 'Namespace', metadata: { name: 'shop' } },
  { kind: 'Deployment', metadata: { name: 'cart', namespace: 'shop', creationTimestamp: '2026-01-01T11:00:00Z' }, spec: { template, selector: { matchLabels: { app: 'cart' } } } },
  { kind: 'ReplicaSet', metadata: { name: 'cart-5d', namespace: 'shop', ownerReferences: [{ kind: 'Deployment', name: 'cart', controller: true }] } },
  { kind: 'Pod', metadata: { name: 'cart-5d-a', namespace: 'shop', labels: { app: 'cart', 'pod-template-hash': '5d' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-5d', controller: true }] }, spec: { ...template.spec, nodeName: 'n1' }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'main', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }] } },
  { kind: 'Pod', metadata: { name: 'done', namespace: 'shop' }, spec: { nodeName: 'n1', containers: [{ resources: { requests: { cpu: '3' } } }] }, status: { phase: 'Succeeded' } },
  { kind: 'Service', metadata: { name: 'cart', namespace: 'shop' }, spec: { selector: { app: 'cart' }, ports: [{ port: 80, targetPort: 'http' }, { port: 81, targetPort: 9999 }] } },
  { kind: 'EndpointSlice', metadata: { name: 'cart-x', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'cart' } }, endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }, { addresses: ['10.0.0.2'], conditions: { ready: false } }] },
  { kind: 'Node', metadata: { name: 'n1', labels: { disk: 'ssd', zone: 'a' } }, spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }, status: { allocatable: { cpu: '2', memory: '4Gi', pods: '10' }, conditions: [{ type: 'Ready', status: 'True' }] } },
  { kind: 'Node', metadata: { name: 'n2', labels: { disk: 'hdd', zone: 'b' } }, spec: { taints: [{ key: 'dedicated', value: 'x', effect: 'NoExecute' }], unschedulable: true }, status: { allocatable: { cpu: '2', memory: '512Mi', pods: '10' } } },
  { kind: 'PersistentVolume', metadata: { name: 'pv', labels: { tier: 'fast' } }, spec: { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'fast' } },
  { kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'shop' }, spec: { accessModes: ['ReadWriteMany'], storageClassName: 'slow', resources: { requests: { storage: '10Gi' } }, selector: { matchLabels: { tier: 'fast' } } } }
], [['kernel.oom_kill', 'Pod/shop/cart-5d-a', 'Killed process', 60_000, 2], ['k8s.probe_failed', 'Pod/shop/cart-5d-a']])
scene.dependencies.note({ kind: 'Deployment', namespace: 'shop', name: 'web' }, { kind: 'Deployment', namespace: 'shop', name: 'cart' }, nowMs, 10, 4)

const node = (name: string): string => `object('Node', '', '${name}')`
const affinity = (operator: string, values: string): string => `{'spec': {'affinity': {'nodeAffinity': {'requiredDuringSchedulingIgnoredDuringExecution': {'nodeSelectorTerms': [{'matchExpressions': [{'key': 'zone', 'operator': '${operator}', 'values': ${values}}]}]}}}}}`
const anti = (label: string): string => `{'metadata': {'namespace': 'shop'}, 'spec': {'affinity': {'podAntiAffinity': {'requiredDuringSchedulingIgnoredDuringExecution': [{'topologyKey': 'zone', 'labelSelector': {'matchLabels': {'app': '${label}'}}}]}}}}`

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, v: unknown) => typeof v === 'bigint' ? Number(v) : v) ?? 'null') as unknown

for (const [source, expected] of [
  ['workload(pods[0]).metadata.name', 'cart'], ['owner(pods[0]).metadata.name', 'cart-5d'], ['size(pods)', 1], ['services.map(s, s.metadata.name)', ['cart']], ['podNodes.map(n, n.metadata.name)', ['n1']],
  ['ns.metadata.name', 'shop'], ['object("Pod", "shop", "nobody") == null', true], ['size(all("Node"))', 2], ['size(inNamespace("Pod", "shop"))', 2], ['related(pods[0], "runs_on")[0].metadata.name', 'n1'],
  ['size(relatedIn(object("Node", "", "n1"), "runs_on"))', 2], ['ageMs(subject)', 3_600_000], ['condition(pods[0], "Ready").status', 'True'], ['condition(pods[0], "Nope") == null', true],
  ['symptoms(pods[0], "kernel.*").map(s, s.count)', [2]], ['size(symptoms(pods[0], ["kernel.oom_kill", "k8s.probe_failed"]))', 2], ['symptoms(pods[0], "kernel.oom_kill")[0].message', 'Killed process'],
  ['callers(subject).map(c, c.errors)', [4]], ['calls(subject)', []], ['exists(subject)', true], ['exists(refTo("Pod", "shop", "no"))', false], ['stored', true],
  ['labelsMatch({"a": "b"}, {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]})', true], ['labelsMatch({"a": "b"}, {"matchLabels": {"a": "c"}})', false], ['labelsMatch({}, null)', false],
  [`matchesLabels(${node('n1')}, template.spec.nodeSelector)`, true], [`nodeSelectorMatches(template, ${node('n2')})`, false], [`tolerates(template, ${node('n1')})`, true], [`untolerated(template, ${node('n2')})[0].key`, 'dedicated'],
  [`affinityMatches(${affinity('In', '["a"]')}, ${node('n1')})`, true], [`affinityMatches(${affinity('NotIn', '["a"]')}, ${node('n1')})`, false], [`affinityMatches(template, ${node('n2')})`, true],
  [`antiAffinityBlocks(${anti('cart')}, ${node('n1')})`, true], [`antiAffinityBlocks(${anti('cart')}, ${node('n2')})`, false], [`antiAffinityBlocks(${anti('other')}, ${node('n1')})`, false],
  ['requests(template, "cpu")', 0.5], ['requests(subject, "memory")', 2 ** 30], ['limits(template, "memory")', 2 ** 31], ['limits(template, "cpu") > 0', false], [`free(${node('n1')}, "cpu")`, 1.5], [`free(${node('n1')}, "pods")`, 9],
  [`fits(template, ${node('n1')})`, true], [`lacking(template, ${node('n2')})`, ['memory']], [`schedulable(template, ${node('n1')})`, true], [`schedulable(template, ${node('n2')})`, false], [`nodeReady(${node('n2')})`, false],
  ['containerPorts(template)[0].port', 8080], ['envHosts(template).map(h, h.host + ":" + h.port)', ['db:5432', 'redis.cache.svc:6379']], ['probes(template).map(p, p.kind + p.port + (p.declared ? "" : "?"))', ['liveness8080', 'readiness9090?']], ['probes(template)[0].timeoutSeconds', 3],
  ['images(template)[0].registry', 'registry.example:5000'], ['terminated(pods[0])[0].exitCode', 137], ['waiting(pods[0], "CrashLoopBackOff")[0].name', 'main'], ['restarts(pods[0])', 3], ['ready(pods[0])', true], ['container(template, "main").image', 'registry.example:5000/team/app:1.2'],
  ['serviceTargets(services[0]).map(t, t.reached)', [1, 0]], ['serviceTargets(services[0])[0].numbers', [8080]], ['endpoints(services[0])', { known: true, ready: 1, notReady: 1 }], ['serviceOf("cart", "shop").kind', 'Service'], ['serviceOf("cart.shop.svc.cluster.local", "x").kind', 'Service'],
  ['serviceOf("cart", "other") == null', true], ['serviceRef("db", "shop").name', 'db'], ['serviceRef("example.com", "shop") == null', true], ['serviceRef("10.0.0.1", "shop") == null', true],
  ['volumeFits(all("PersistentVolume")[0], all("PersistentVolumeClaim")[0]).reasons', ['class', 'mode', 'size']], ['accessModes(all("PersistentVolume")[0])', ['RWO']],
  ['lower("ABC")', 'abc'], ['similar("cart", "crat")', true], ['similar("cart", "cart")', false], ['similar("cart", "payment")', false], ['distance("a", "ab")', 1], ['nearest("crat", ["db", "cart"])', 'cart'], ['regexFind("exit code 137", "code (\\\\d+)", 1)', '137'], ['regexFind("x", "y", 0)', ''],
  ['sorted([3, 1, 2])', [1, 2, 3]], ['sum([1, 2.5])', 3.5], ['min([]) == null', true], ['max([1, 3, 2])', 3], ['unique(["a", "b", "a"])', ['a', 'b']], ['take([1, 2, 3], 2)', [1, 2]], ['flat([[1], [2, 3]])', [1, 2, 3]], ['first([]) == null', true], ['last([1, 2])', 2], ['count(null)', 0],
  ['labels({"a": "b", "c": "d"})', 'a=b,c=d'], ['durationText(90000)', '1m30s'], ['bytesText(536870912)', '512Mi'], ['quantity("250m")', 0.25], ['timeMs("2026-01-01T00:00:00Z")', 1767225600000], ['orElse(null, "x")', 'x'], ['get({"a": 1}, "b") == null', true],
  ['keys({"a": 1})', ['a']], ['values({"a": 1})', [1]], ['join(["a", "b"], " + ")', 'a + b'], ['name(pods[0])', 'shop/cart-5d-a'], ['text(pods[0])', 'Pod shop/cart-5d-a'], ['nowMs() == now', true], ['contains("abc", "b")', true], ['contains(null, "b")', false], ['sameObject(subject, workload(pods[0]))', true],
  ['missing(pods[0], "config_env")', []], ['related(subject, "nonsense")', 'error: no kind of edge: nonsense'], ['networkPolicies(pods[0])', []], ['affinityUnmet(template, nodes[0])', false], ['templateOf(subject) == template', true], ['allocatable(nodes[0], "cpu")', 2], ['env(template)[0].name', 'DB_HOST'],
  ['workersFor(template).map(n, n.metadata.name)', ['n1', 'n2']], ['probes({"spec": {"containers": [{"name": "m", "livenessProbe": {"httpGet": {"port": "web", "scheme": "HTTPS"}}}]}}).map(p, [p.port, p.portName, p.declared, p.scheme])', [[0, 'web', false, 'HTTPS']]],
  ['containers(template)[0].name', 'main'], ['containerStatuses(pods[0])[0].init', false], ['podsOf(services[0])[0].metadata.name', 'cart-5d-a'], ['servicesOf(pods[0])[0].metadata.name', 'cart'], ['startsWith("abc", "ab")', true], ['antiAffinityPods(template, nodes[0])', []]
] as const) {
  test(source.slice(0, 110), () => { assert.equal(plain(valueOf(source, scene, 'Deployment/shop/cart')), expected) })
}

const odd: readonly unknown[] = [null, true, 1, 1n, 'x', '', [], {}, [null], { metadata: null }, { kind: 'Pod', metadata: { name: 5, labels: [], ownerReferences: 'x' }, spec: { containers: [null, 1, { ports: 'x', env: [1], resources: 5 }], tolerations: {}, affinity: [] }, status: { containerStatuses: [null, 3], conditions: 'x' } }, { kind: 'Service', metadata: { name: 's' }, spec: { ports: [null, 5, {}], selector: 'x' } }]

for (const [name, { parameters }] of Object.entries(functions)) {
  test(`${name} takes anything`, () => {
    const source = `${name}(${parameters.map((_, i) => `a${i}`).join(', ')})`
    for (const a0 of odd) {
      for (const a1 of parameters.length > 1 ? odd : [null]) {
        const value = valueOf(source, scene, 'Deployment/shop/cart', { a0, a1, a2: odd[(odd.indexOf(a0) + odd.indexOf(a1) + 2) % odd.length] })
        // A name that is no kind of edge, a text that is no expression: said in words. A TypeError would be a bug.
        if (typeof value === 'string' && value.startsWith('error:')) assert.match(value, /^error: (no kind of edge|not a regular expression|the expression takes|error parsing regexp)/, `${source} of ${JSON.stringify([a0, a1], (_, v: unknown) => typeof v === 'bigint' ? String(v) : v)}: ${value}`)
        assert.not.match(String(value), /^fault/)
      }
    }
  })
}

for (const [variable, value, expected] of [
  ['DB_URL', 'postgres://u:p@db.shop:5432/x', ['db.shop:5432']], ['DB_URL', 'postgres://db/x', ['db:5432']], ['BROKERS', 'k1:9092,k2:9092', ['k1:9092', 'k2:9092']], ['DSN', 'u:p@tcp(mysql:3306)/app', ['mysql:3306']], ['DB_HOST', 'mysql', ['mysql:0']],
  ['LEVEL', 'info', []], ['', '--addr=redis:6379', ['redis:6379']], ['IMAGE', 'a/b', []], ['TIME', '12:30', []], ['X', 'cart.shop.svc.cluster.local', ['cart.shop.svc.cluster.local:0']], ['X', 'a'.repeat(3000) + ':80', []]
] as const) {
  test(`hosts in ${variable}=${value.slice(0, 40)}`, () => { assert.equal(hostPortsIn(variable, value).map(h => `${h.host}:${h.port}`), expected) })
}

for (const [image, registry, repository, tag] of [
  ['nginx', 'docker.io', 'nginx', 'latest'], ['nginx:1.27', 'docker.io', 'nginx', '1.27'], ['r.example:5000/a/b:2', 'r.example:5000', 'a/b', '2'], ['a/b@sha256:00', 'docker.io', 'a/b', ''], ['localhost/x', 'localhost', 'x', 'latest'], ['', 'docker.io', '', 'latest']
] as const) {
  test(`image ${image}`, () => { assert.equal([imageParts(image).registry, imageParts(image).repository, imageParts(image).tag], [registry, repository, tag]) })
}

for (const [text, expected] of [['1', 1], ['100m', 0.1], ['1Gi', 2 ** 30], ['1.5Gi', 1.5 * 2 ** 30], ['1e3', 1000], ['2k', 2000], ['-1', -1], ['.5', 0.5], ['5E', 5e18], ['1Ki', 1024]] as const) {
  test(`quantity ${text}`, () => { assert.is(quantity(text), expected) })
}
for (const text of ['', 'x', '1 Gi', '1Gib', '0x1', null, undefined, {}, '9'.repeat(60)]) {
  test(`${JSON.stringify(text)} is no quantity`, () => { assert.ok(Number.isNaN(quantity(text))) })
}

test('a sidecar and an init container count as the scheduler counts them', () => {
  const pod = "{'spec': {'overhead': {'cpu': '100m'}, 'containers': [{'resources': {'requests': {'cpu': '200m'}}}, {'resources': {'limits': {'cpu': '300m'}}}], 'initContainers': [{'resources': {'requests': {'cpu': '1'}}}, {'restartPolicy': 'Always', 'resources': {'requests': {'cpu': '600m'}}}]}}"
  assert.is(valueOf(`requests(${pod}, 'cpu')`, scene), 1.2)
})

const machine = (name: string, labels: object, spec: object = {}): object => ({ kind: 'Node', metadata: { name, labels }, spec })
const head = { 'node-role.kubernetes.io/control-plane': '' }
const kept = { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }
for (const [name, nodes, expected] of [
  ['a control plane kept free by its taint', [machine('head', head, kept), machine('w', {})], ['w']], ['one that is cordoned', [machine('head', head, { unschedulable: true }), machine('w', {})], ['w']],
  ['one that takes pods', [machine('head', head), machine('w', {})], ['head', 'w']], ['a worker that is cordoned', [machine('head', head, kept), machine('w', {}, { unschedulable: true })], ['w']],
  ['nothing else', [machine('head', head, kept)], ['head']], ['without labels', [machine('head', {}, kept), machine('w', {})], ['w']]
] as const) {
  test(`workers: ${name}`, () => { assert.equal(valueOf('workersFor(subject).map(n, n.metadata.name)', sceneWith(nodes)), expected) })
}

test.run()
