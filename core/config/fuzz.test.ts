/**
 * Guarantees: no input, however broken, makes a load throw or hang (the runner's time limit ends a hang); it ends with a
 * configuration or with faults that can be rendered. Does not prove that the faults are the right ones (broken.test.ts does, for the broken files).
 */
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig, type LoadResult } from './load.js'
import { printConfig } from './print.js'
import { faultsAsJson, renderFaults } from './render.js'
import { decode } from './source.js'
import { catalog, fullCatalog } from './testdata/catalog.js'
import { mutated } from './testdata/mutate.js'
import { randomOf, type Random } from './testdata/random.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const folder = new URL('testdata/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, folder), 'latin1')
const seeds = [read('good.yaml'), read('seed.yaml'), ...readdirSync(new URL('broken/', folder)).filter(f => f.endsWith('.yaml') && f !== 'alias-bomb.yaml').map(f => read(`broken/${f}`))]
const lines = seeds.flatMap(text => text.split('\n')).filter(line => line.trim() !== '')

const pieces = ['{', '}', '[', ']', ':', ': ', ', ', '"', '\'', '\n', '\n  ', '\t', '- ', '? ', '#', '&a ', '*a', '<<: ', '!!int ', '!x ', '|\n', '>-\n', '---\n', '...\n', '%YAML 1.1\n',
  '${', '${env:', '}', '$$', ':-', '${file:/etc/passwd}', '__proto__', 'constructor', 'null', '~', 'true', '1e999', '.nan', '-0', '0x', '\ufeff', '\u0000', '\u2028', '😀', '\ud800', '9'.repeat(400), ' '.repeat(80), 'a'.repeat(300)]

const mutate = (text: string, random: Random): string => mutated(text, random, pieces, [
  (whole, r) => whole.slice(0, r.below(whole.length + 1)),
  swapLine,
  (whole, r) => {
    const at = r.below(whole.length + 1)
    return whole.slice(0, at) + String.fromCharCode(r.below(r.below(2) === 0 ? 128 : 65_536)) + whole.slice(at + r.below(12))
  }
])

function swapLine (text: string, random: Random): string {
  const own = text.split('\n')
  own[random.below(own.length)] = random.pick(lines)
  return own.join('\n')
}

function check (text: string, sets: readonly string[]): LoadResult {
  let result: LoadResult
  try {
    result = loadConfig({ configs: [`yaml:${text}`], sets }, text.length % 2 === 0 ? catalog : fullCatalog, { PORT: '1', HOST: 'h', TOKEN: 't' })
    renderFaults([...(result.ok ? [] : result.faults), ...result.warnings])
    faultsAsJson(result.warnings)
    if (result.ok) printConfig(result.config, fullCatalog)
  } catch (error) {
    throw new Error(`threw for ${JSON.stringify(text)} with --set ${JSON.stringify(sets)}`, { cause: error })
  }
  assert.ok(result.ok || result.faults.length > 0)
  for (const fault of result.ok ? [] : result.faults) assert.ok(fault.line >= 1 && fault.column >= 1 && fault.message.length < 2000)
  return result
}

test('random changes to configurations end in a configuration or in faults', () => {
  const random = randomOf(7)
  let accepted = 0
  const rounds = long ? 25_000 : 2500
  for (let round = 0; round < rounds; round++) {
    // The first two are valid as they are; the others break in one place already.
    let text = random.below(2) === 0 ? random.pick(seeds.slice(0, 2)) : random.pick(seeds)
    for (let n = 1 + random.below(random.below(4) === 0 ? 12 : 3); n > 0; n--) text = mutate(text, random)
    if (check(text, []).ok) accepted += 1
  }
  console.log(`REPORT config fuzz: ${rounds} changed configurations, ${accepted} still valid, none threw`)
})

test('random --set arguments end in a configuration or in faults', () => {
  const random = randomOf(8)
  const good = read('good.yaml')
  for (let round = 0; round < (long ? 8000 : 500); round++) {
    let set = random.pick(['processors.batch.size=5', 'exporters::otlp::auth={type: bearer}', 'service.pipelines.traces.receivers=[otlp]', 'a.b=c'])
    for (let n = random.below(4); n >= 0; n--) set = mutate(set, random)
    check(good, [set])
  }
})

test('random bytes are text or refused, and never throw', () => {
  const random = randomOf(9)
  for (let round = 0; round < (long ? 10_000 : 1500); round++) {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(random.below(2) === 0 ? 256 : 128))
    const text = decode(bytes)
    if (typeof text === 'string') check(text, [])
    else assert.is(text.code, 'CFG003')
  }
})

const extremes: readonly (readonly [name: string, text: string])[] = [
  ['200 000 open brackets', '['.repeat(200_000)],
  ['20 000 nested maps', '{a: '.repeat(20_000)],
  ['20 000 dashes', '- '.repeat(20_000)],
  ['3000 levels of indentation', Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ['a key of 100 000 characters', `${'k'.repeat(100_000)}: 1`],
  ['a value of 1 000 000 characters', `service: {mode: "${'v'.repeat(1_000_000)}"}`],
  ['10 000 unknown sections', Array.from({ length: 10_000 }, (_, i) => `s${i}: 1`).join('\n')],
  ['10 000 syntax faults', 'a: "\\q"\n'.repeat(10_000)],
  ['an anchor that holds itself', 'x-a: &a [*a, *a]\n'],
  ['a merge key that holds itself', 'x-a: &a {<<: *a}\n'],
  ['5000 substitutions in one value', `service: {mode: "${'${env:PORT}'.repeat(5000)}"}`],
  ['5000 open substitutions', `service: {mode: "${'${'.repeat(5000)}"}`],
  ['5000 defaults in each other', `service: {mode: "${'${env:N:-'.repeat(5000)}x${'}'.repeat(5000)}"}`],
  ['a ring of 400 pipelines', ring(400)]
]

function ring (n: number): string {
  const all = Array.from({ length: n }, (_, i) => i)
  const pipelines = all.map(i => `    p${i}x: {receivers: [otlp, forward/${i}], exporters: [forward/${(i + 1) % n}, debug]}`)
  return `receivers: {otlp: }\nexporters: {debug: }\nconnectors:\n${all.map(i => `  forward/${i}:`).join('\n')}\nservice:\n  pipelines:\n${pipelines.join('\n')}\n`
}

for (const [name, text] of extremes) {
  test(`extreme input: ${name}`, () => { assert.is(check(text, []).ok, false) })
}

test.run()
