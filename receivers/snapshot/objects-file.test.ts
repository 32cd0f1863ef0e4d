import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAlerts } from './alerts.js'
import { parseObjects } from './objects-file.js'
import { offsetOf, readUnitStatus, reasonOf, severityOf } from './unit-status.js'

const named = async (text: string, file = 'x.yaml'): Promise<string> => {
  const { objects, damaged } = await parseObjects(text, file)
  return [...objects.map(o => `${o.kind}/${o.metadata?.name}`), ...(damaged === 0 ? [] : [`${damaged} damaged`])].join(' ')
}

test('objects are found in everything that kubectl and people write', async () => {
  const pod = { kind: 'Pod', metadata: { name: 'a' } }
  const cases: [string, string, string][] = [
    [JSON.stringify(pod), 'x.json', 'Pod/a'],
    [JSON.stringify({ kind: 'List', items: [pod, { kind: 'Node', metadata: { name: 'n' } }] }), 'x.json', 'Pod/a Node/n'],
    [JSON.stringify({ kind: 'PodList', items: [{ metadata: { name: 'a' } }] }), 'x.json', 'Pod/a'],
    [JSON.stringify({ items: [{ metadata: { name: 'a' } }] }), 'shop/pods.other.json', 'Pod/a'],
    [JSON.stringify({ kind: 'PodList', items: null }), 'pods.json', ''],
    [JSON.stringify([pod, pod]), 'x.json', 'Pod/a Pod/a'],
    [JSON.stringify({ kind: 'List', items: [{ kind: 'PodList', items: [pod] }, 7, {}] }), 'x.json', 'Pod/a 2 damaged'],
    ['kind: Pod\nmetadata: {name: a}\n---\n---\nkind: Node\nmetadata:\n  name: n\n', 'x.yaml', 'Pod/a Node/n'],
    ['apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  metadata: {name: a}\n', 'x.yaml', 'Pod/a'],
    ['apiVersion: v1\nitems:\n- metadata:\n    name: a\n  data: |\n    - x\n    --- y\n# comment\n- metadata:\n    name: b\nkind: PodList\nmetadata:\n  resourceVersion: ""\n', 'x.yaml', 'Pod/a Pod/b'],
    ['items:\n- {kind: Pod, metadata: {name: a}}\n- "broken\n- kind: Pod\n  metadata: {name: c}\n', 'x.yaml', 'Pod/a Pod/c 1 damaged'],
    ['%YAML 1.1\n--- # one\nkind: Pod\nmetadata: {name: a}\n...\n--- {kind: Pod, metadata: {name: b}}\n', 'x.yaml', 'Pod/a Pod/b'],
    ['items: []\nkind: PodList\n', 'x.yaml', ''],
    ['{kind: Pod, metadata: {name: a}}', 'x.yaml', 'Pod/a'],
    ['', 'x.yaml', '']
  ]
  for (const [text, file, expected] of cases) assert.is(await named(text, file), expected, text)
})

test('values of secrets and configuration do not come in, nor the annotation that repeats them', async () => {
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"hunter2"}}' }
  for (const kind of ['Secret', 'ConfigMap']) {
    for (const text of [JSON.stringify({ kind, metadata: { name: 's', annotations }, data: { password: 'hunter2' }, stringData: { p: 'hunter2' } }), JSON.stringify({ kind: `${kind}List`, items: [{ metadata: { name: 's', annotations }, data: { p: 'hunter2' } }] })]) {
      assert.not.match(JSON.stringify(await parseObjects(text, 'x.json')), 'hunter2')
      assert.is(await named(text), `${kind}/s`)
    }
  }
})

test('broken, endless and self-multiplying files are refused', async () => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...Array.from({ length: 8 }, (_, i) => `${'bcdefghi'[i]}: &${'bcdefghi'[i]} [${Array(10).fill(`*${'abcdefghi'[i]}`).join()}]`)].join('\n')
  for (const text of [bomb, '{"kind": "Pod", ', 'a: [', 'a: *nowhere', '['.repeat(200_000), `${'['.repeat(5000)}${']'.repeat(5000)}`, '- '.repeat(200_000), '{a: '.repeat(100_000), '[\n'.repeat(100_000), `kind: [${'"]", ['.repeat(50_000)}`, `[${'['.repeat(500_000)}${']'.repeat(500_000)}]`]) {
    const outcome = await parseObjects(text, 'x.yaml').then(() => 'read', () => 'refused')
    assert.is(outcome, 'refused', text.slice(0, 20))
  }
})

test('alerts of Alertmanager, Prometheus and others; not those that are over', () => {
  const labels = { alertname: 'PodCrashLooping', severity: 'critical', namespace: 'shop', pod: 'cart-0' }
  const firing = { labels, annotations: { summary: 'restarts' }, state: 'firing', activeAt: '2026-01-02T09:00:00Z' }
  const cases: unknown[] = [
    { status: 'success', data: { alerts: [firing, { ...firing, state: 'inactive' }] } },
    { status: 'success', data: { groups: [{ rules: [{ alerts: [firing] }, { name: 'record' }] }] } },
    [{ labels, annotations: { summary: 'restarts' }, status: { state: 'active' }, startsAt: '2026-01-02T09:00:00Z', endsAt: '2026-01-02T09:05:00Z' }],
    { alerts: [{ labels, annotations: { summary: 'restarts' }, status: 'firing', startsAt: '2026-01-02T09:00:00Z', endsAt: '0001-01-01T00:00:00Z' }, { labels, status: 'resolved' }] }
  ]
  for (const value of cases) {
    const found = readAlerts(value) ?? []
    assert.equal(found.map(({ name, message, severity, timeMs, entity }) => ({ name, message, severity, timeMs, entity })), [
      { name: 'PodCrashLooping', message: 'restarts', severity: 21, timeMs: Date.parse('2026-01-02T09:00:00Z'), entity: { kind: 'Pod', namespace: 'shop', name: 'cart-0' } }
    ], JSON.stringify(value))
  }
  const [own] = readAlerts({ alerts: [{ type: 'Node', name: 'node-1', message: 'hot' }] }) ?? []
  assert.equal([own?.message, own?.entity], ['hot', { kind: 'Node', namespace: '', name: 'node-1' }])
  assert.equal(readAlerts({}), [])
  for (const value of [7, 'text', { kind: 'List' }, [7]]) assert.is(readAlerts(value), undefined)
})

test('systemctl status is read, and gives the machine\'s offset away', () => {
  const text = '● kubelet.service - Kubelet\n     Loaded: loaded (/x; enabled)\n     Active: failed (Result: exit-code) since Fri 2026-01-02 17:25:00 CST; 35min ago\n   Main PID: 7\n\nJan 02 17:25:00 node-1 kubelet[7]: F0102 no\nJan 02 17:25:01 node-1 systemd[1]: kubelet.service: Failed'
  const status = readUnitStatus(text, 'other.service')
  assert.ok(status !== undefined)
  assert.equal([status.unit, status.state, status.since, status.agoMs, status.journal.length], ['kubelet.service', 'failed (Result: exit-code)', '2026-01-02 17:25:00', 2_100_000, 2])
  assert.is(offsetOf(status, Date.parse('2026-01-02T10:00:20Z')), 480)
  assert.equal([severityOf(status.state), reasonOf(status.state)], ['error', 'UnitFailed'])
  assert.equal(readUnitStatus('   Active: active (running)\n', 'x.service'), { unit: 'x.service', state: 'active (running)', since: '', agoMs: NaN, journal: [] })
  for (const hostile of ['\n'.repeat(500_000), ' '.repeat(500_000), `Active: ${' since '.repeat(100_000)}`, 'a.'.repeat(300_000)]) assert.is(readUnitStatus(hostile, 'x.service'), undefined)
  assert.is(readUnitStatus('Unit x.service could not be found.', 'x.service'), undefined)
  assert.equal(['3 days ago', '1 week 2 days ago', '1min 5s ago', 'Xh ago'].map(ago => readUnitStatus(`Active: active (running) since Fri 2026-01-02 17:25:00 UTC; ${ago}`, '')?.agoMs), [259_200_000, 777_600_000, 65_000, NaN])
})

test.run()
