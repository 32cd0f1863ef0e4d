/** Guarantees: `tapio test` says which cases fail and why, in words and in JSON, and its exit tells. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { patternText } from '../patterns/testing.js'
import type { ExitName } from './exit-codes.js'
import { test as runTest } from './test.js'

const dir = mkdtempSync(join(tmpdir(), 'test-'))

async function run (text: string, options: { output?: string, strict?: true } = {}): Promise<{ exit: ExitName, out: string, err: string }> {
  const file = join(dir, 'p.yaml')
  writeFileSync(file, text)
  let [out, err] = ['', '']
  const exit = await runTest([file], options, { out: t => { out += t }, err: t => { err += t }, color: false, env: {}, modules: [] })
  return { exit, out, err }
}

const cases = (expect: string): string => patternText('{symptom: {sign: k8s.evicted}}, {expr: subject.spec.nodeName == "n1"}', { more: `tests:\n  - name: a case\n    objects: [{kind: Pod, metadata: {namespace: x, name: a}, spec: {nodeName: n2}}]\n    symptoms: [{sign: k8s.evicted, entity: Pod/x/a}]\n    expect: ${expect}` })

test('a case that passes', async () => {
  const { exit, out } = await run(cases('none').replace('nodeName == ', 'nodeName != ').replace('expect: none', 'expect: {subject: Pod/x/a, score: {min: 0.4, max: 0.6}, since: 30s, title: it is a}').replace('"n1"', "'n1'"))
  assert.equal([exit, out], ['ok', 'test.one\n  ok   a case\n1 patterns, 1 cases: 1 passed, 0 failed\n'])
})

test('a case that fails says which condition did not hold', async () => {
  const { exit, out } = await run(cases('{subject: Pod/x/a}').replace('"n1"', "'n1'"))
  assert.is(exit, 'failure')
  assert.match(out, /FAIL a case {2}.*p\.yaml:\d+/)
  assert.match(out, /expected it for Pod x\/a, found nothing/)
  assert.match(out, /yes {2}line 6 {2}symptom: k8s\.evicted: found k8s\.evicted on Pod x\/a/)
  assert.match(out, /no {3}line 6 {2}expr: subject\.spec\.nodeName == 'n1': gives false/)
})

test('what is found and was not expected fails too', async () => {
  const { exit, out } = await run(cases('none').replace('"n1"', "'n2'"))
  assert.is(exit, 'failure')
  assert.match(out, 'expected nothing, found it for Pod x/a')
})

test('JSON holds patterns, results and faults', async () => {
  const { exit, out } = await run(cases('none').replace('"n1"', "'n1'"), { output: 'json' })
  const { passed, failed, faults, results } = JSON.parse(out) as { passed: number, failed: number, faults: unknown[], results: { pattern: string, passed: boolean }[] }
  assert.equal([exit, passed, failed, faults, results[0]?.pattern], ['ok', 1, 0, [], 'test.one'])
})

test('a pattern without a case is told, and with --strict it fails', async () => {
  const lax = await run(patternText('true'))
  assert.equal([lax.exit, lax.err.includes('PAT006')], ['ok', true])
  assert.is((await run(patternText('true'), { strict: true })).exit, 'failure')
})

test('a faulty file fails with its line, and the rest is run', async () => {
  const { exit, err, out } = await run(`${cases('none').replace('"n1"', "'n1'")}  - id: test.bad\n`)
  assert.is(exit, 'failure')
  assert.match(err, /p\.yaml:\d+:\d+/)
  assert.match(out, '1 passed, 0 failed')
})

test.run()
