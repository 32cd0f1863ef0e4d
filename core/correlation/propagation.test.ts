/** Guarantees: the table of rules speaks of signs that exist, over relations that lead there, and leaves no sign without a rule. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { propagation } from './propagation.js'
import { matches, signSets, type SignPattern } from './sign-sets.js'
import { isSign, roleOf, signs, type SignName } from './signs.js'

/** Signs that processors behind context make themselves. */
const ofOthers: ReadonlySet<string> = new Set(['app.slo_burn'])
const isKnown = (sign: string): boolean => isSign(sign) || ofOthers.has(sign) || /^(kernel|node|net|k8s|app)\.\*$/.test(sign)

/** What tells of a cause but is caused by nothing that is seen, or says too little. */
const neverEffects: ReadonlySet<string> = new Set([
  'kernel.oops', 'kernel.panic', 'kernel.lockup', 'kernel.hardware_error', 'kernel.cpu_throttled', 'kernel.table_full', 'kernel.error',
  'node.rebooted', 'node.shutdown', 'node.image_gc_failed', 'node.pressure_pid', 'k8s.quota_near', 'k8s.autoscaler_limited', 'k8s.namespace_stuck', 'k8s.warning'
])

test('every sign of the rules is one that there is', () => {
  const patterns = propagation.flatMap(r => [...r.causes, ...r.effects]).filter(p => !p.startsWith('@') && !p.startsWith('role:'))
  assert.equal([...new Set([...patterns, ...Object.values(signSets).flat()])].filter(p => !isKnown(p)), [])
})

test('bases are chances, windows are times, and words name who it is about', () => {
  for (const { base, windowMs = 1, says = '{cause}' } of propagation) {
    assert.ok(base > 0 && base < 1, String(base))
    assert.ok(windowMs > 0 && windowMs <= 3_600_000)
    assert.ok(!/\{(?!cause\}|effect\})/.test(says), says)
  }
})

test('every sign of trouble has a rule of its own as an effect, but for those that are beginnings', () => {
  const specific = propagation.filter(r => !r.effects.every(p => p.startsWith('role:')))
  const without = (Object.keys(signs) as SignName[]).filter(s => roleOf(s) === 'trouble' && !neverEffects.has(s) && !specific.some(r => r.effects.some(p => matches(p, s, 'trouble'))))
  assert.equal(without, [])
})

test('a pattern is a sign, a layer, a set or a role', () => {
  const table: [SignPattern, string, string, boolean][] = [
    ['k8s.evicted', 'k8s.evicted', 'trouble', true], ['k8s.evicted', 'k8s.evicted_too', 'trouble', false], ['net.*', 'net.dns_failure', 'trouble', true], ['net.*', 'network.x', 'trouble', false],
    ['@app_error', 'app.slow', 'trouble', true], ['@service_down', 'k8s.no_endpoints', 'trouble', true], ['role:change', 'k8s.scaled', 'change', true], ['role:change', 'k8s.scaled', 'trouble', false]
  ]
  for (const [pattern, sign, role, expected] of table) assert.is(matches(pattern, sign, role), expected, `${pattern} ${sign} ${role}`)
})

test.run()
