/** Guarantees: a bad pattern is rejected with line, column and the nearest right word, while the rest works; editors are told the same format. */
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { readFileSync, readdirSync } from 'node:fs'
import { renderFaults } from '../config/render.js'
import { patternJsonSchema } from './json-schema.js'
import { PatternLibrary } from './library.js'
import { runTests } from './run-test.js'
import { patternText } from './testing.js'

const good = patternText('true', { id: 'test.good' })
const testdata = new URL('testdata/', import.meta.url)
const withBad = (lines: string): string => `${good}  - id: test.bad\n    layer: k8s\n    subject: Pod\n    score: 0.5\n    title: t\n    why: w\n${lines.split('\n').map(l => `    ${l}`).join('\n')}\n`

/** Line 10 is the first of the given ones' (good takes 9, the bad one's head 6). */
const firstLine = good.split('\n').length - 1 + 6 + 1

for (const [lines, code, line, column, message, suggestion] of [
  ['when: [true]\nexplain: [k8s.evicted]', 'CFG031', 1, 5, /unknown key `explain`/, 'explains'],
  ['when: [{symptm: {sign: k8s.evicted}}]', 'CFG031', 0, 13, /unknown key `symptm`/, 'symptom'],
  ['when: [{symptom: {sign: k8s.evict}}]', 'PAT003', 0, 29, /no sign `k8s.evict`/, 'k8s.evicted'],
  ['when: [true]\nexplains:\n  - k8s.pod_nt_ready', 'PAT003', 2, 9, /k8s.pod_nt_ready/, 'k8s.pod_not_ready'],
  ['when: [{symptom: {sign: k8s.evicted, of: "related:run_on"}}]', 'CFG036', 0, 46, /no such place/, 'related:runs_on'],
  ['when: [{symptom: {sign: k8s.evicted, of: calers}}]', 'CFG036', 0, 46, /no such place/, 'callers'],
  ['when:\n  - expr: subject.a == nobody', 'PAT001', 1, 28, /nobody/, undefined],
  ['when:\n  - expr: "size(pods) > lowr(\'a\')"', 'PAT001', 1, 29, /lowr/, undefined],
  ['when:\n  - expr: |\n      true &&\n      nobody', 'PAT001', 3, 11, /nobody/, undefined],
  ['when: [{expr: "a ("}]', 'PAT001', 0, 23, /./, undefined],
  ['when: [{symptom: {sign: k8s.evicted, message: {regex: "("}}}]', 'CFG036', 0, 59, /regular expression/, undefined],
  ['when: [{symptom: {sign: k8s.evicted, within: soon}}]', 'CFG035', 0, 50, /duration/, undefined],
  ['when: [{expr: "true", symptom: {sign: k8s.evicted}}]', 'PAT008', 0, 12, /one kind, found expr and symptom/, undefined],
  ['when: [{says: x}]', 'PAT008', 0, 12, /needs one of its kinds/, undefined],
  ['when: [true]\nactions: [{urgency: now, text: x}]', 'CFG033', 1, 25, /urgency/, undefined],
  ['when: [true]\nevidence: [{when: true, weight: 2}]', 'CFG034', 1, 37, /weight/, undefined],
  ['when: [true]\nlet: {pods: "1"}', 'PAT004', 1, 11, /`pods` is taken/, undefined],
  ['when: [{expr: "true", as: x}]\nlet: {x: "1"}', 'PAT004', 0, 13, /taken by/, undefined],
  ['when: [true]\nrefs: [nowhere]', 'CFG036', 1, 12, /URL/, undefined],
  ['when: [true]\ntests: [{name: x, use: nothing, expect: none}]', 'PAT007', 1, 28, /fixtures/, undefined],
  ['when: [true]\nsince: "{{"', 'PAT001', 1, 15, /./, undefined],
  ['', 'CFG032', -6, 5, /`when` is required/, undefined]
] as const) {
  test(`${lines.split('\n').at(-1) ?? ''} is ${code}`, () => {
    const { library, faults } = PatternLibrary.parse(withBad(lines), 'p.yaml')
    const errors = faults.filter(f => f.severity === 'error')
    assert.equal(library.patterns.map(p => p.id), ['test.good'])
    const [fault] = errors
    assert.is(fault?.code, code, renderFaults(errors))
    assert.match(fault?.message ?? '', message)
    assert.equal([fault?.line, fault?.column, fault?.suggestion], [firstLine + line, column, suggestion], renderFaults(errors))
  })
}

for (const [text, code] of [
  ['', 'none'], ['[]', 'CFG009'], ['version: 1', 'CFG032'], ['version: 2\npatterns: []', 'CFG034'], ['version: 1\npatterns: {}', 'CFG030'], ['version: 1\npatterns: [5]', 'CFG030'], ['a: [', 'CFG004'], ['version: 1\npattern: []\npatterns: []', 'CFG031'], ['version: 1\nx-anchors: 5\npatterns: []', 'none'],
  [`${good}${good.split('patterns:\n')[1] ?? ''}`, 'PAT002']
] as const) {
  test(`a file of ${JSON.stringify(text.slice(0, 40))} is ${code}`, () => {
    assert.is(PatternLibrary.parse(text).faults.find(f => f.severity === 'error')?.code ?? 'none', code)
  })
}

test('all faults of all files come at once, and folders are read below', () => {
  const dir = mkdtempSync(join(tmpdir(), 'patterns-'))
  mkdirSync(join(dir, 'below'))
  writeFileSync(join(dir, 'a.yaml'), withBad('when: [{expr: nobody}]'))
  writeFileSync(join(dir, 'below', 'b.yml'), patternText('true', { id: 'test.b' }))
  writeFileSync(join(dir, 'c.yaml'), 'a: [')
  writeFileSync(join(dir, 'notes.txt'), 'a: [')
  const { library, faults } = PatternLibrary.load([dir, join(dir, 'missing')])
  assert.equal(library.patterns.map(p => p.id), ['test.good', 'test.b'])
  assert.equal(faults.filter(f => f.severity === 'error').map(f => f.code).sort(), ['CFG004', 'PAT001', 'PAT009'])
})

test('a pattern without a test is a warning, with `strict` an error that rejects it', () => {
  assert.equal(PatternLibrary.parse(good).faults.map(f => [f.severity, f.code]), [['warning', 'PAT006']])
  const strict = PatternLibrary.parse(good, 'p.yaml', { strict: true })
  assert.equal([strict.faults[0]?.severity, strict.library.patterns.length], ['error', 0])
})

for (const file of readdirSync(testdata).filter(f => f.endsWith('.yaml'))) {
  const text = readFileSync(new URL(file, testdata), 'utf8')
  test(`${file} passes its tests`, () => {
    const { library, faults } = PatternLibrary.parse(text, file)
    assert.equal(faults, [], renderFaults(faults))
    assert.equal(runTests(library).filter(r => !r.passed), [])
    assert.ok(library.patterns.every(p => p.tests.length > 1))
  })
  test(`${file} fits the JSON Schema, and its keys misspelt do not`, () => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(patternJsonSchema())
    const value = parse(text) as { patterns: Record<string, unknown>[] }
    assert.ok(validate(value), JSON.stringify(validate.errors?.[0]))
    assert.not.ok(validate({ ...value, patterns: value.patterns.map(p => ({ ...p, explain: [] })) }))
    assert.not.ok(validate({ ...value, patterns: value.patterns.map(p => ({ ...p, when: [{ symptom: { sign: 'a', off: 'self' } }] })) }))
  })
}

test.run()
