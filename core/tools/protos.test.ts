/**
 * Scenario: the proto files as they are, and copies with changes that break clients, that do not, and that the code does not know.
 * Guarantees: nothing is broken since the baseline and the code is in step; an incompatible change is found with its file, a
 * compatible one is let through, and code that is behind is named.
 */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { brokenSince, checkProtos, placeOf, staleCode, type ProtoPlace } from './protos.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const test = suite<{ copy: ProtoPlace }>('proto files')

test.before.each(context => {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-protos-'))
  mkdirSync(join(folder, 'core'))
  cpSync(join(root, 'core', 'api'), join(folder, 'core', 'api'), { recursive: true, filter: path => !path.endsWith('.test.ts') })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  context.copy = placeOf(folder)
})
test.after.each(({ copy }) => { rmSync(copy.root, { recursive: true }) })

const fileOf = ({ proto }: ProtoPlace, name: string): string => join(proto, 'tapio', 'v1', name)

function change (place: ProtoPlace, name: string, from: RegExp, to: string): void {
  const text = readFileSync(fileOf(place, name), 'utf8')
  const changed = text.replace(from, to)
  assert.is.not(changed, text, `${String(from)} is in ${name}`)
  writeFileSync(fileOf(place, name), changed)
}

test('the proto files are well kept, and the code is in step', () => {
  assert.equal(checkProtos(placeOf(root)), [])
})

test('a field that is gone, one of another number and a method that is gone break clients', ({ copy }) => {
  change(copy, 'event.proto', /^ {2}string resume_token = 2;$/m, '  string resume_token = 99;')
  change(copy, 'event_service.proto', /rpc GetStatistics\(/, 'rpc CountEvents(')
  const faults = brokenSince(copy)
  assert.ok(faults.some(f => f.includes('event.proto') && f.includes('"2"') && f.includes('resume_token')), faults.join('\n'))
  assert.ok(faults.some(f => f.includes('event_service.proto') && f.includes('GetStatistics')), faults.join('\n'))
})

test('what is added breaks nobody, but the code must be made anew', ({ copy }) => {
  appendFileSync(fileOf(copy, 'entity.proto'), '\n// New.\nmessage Added {\n  // New.\n  string name = 1;\n}\n')
  assert.equal(brokenSince(copy), [])
  assert.equal(staleCode(copy), ['core/api/gen/tapio/v1/entity_pb.ts is not what the proto files say; run `npm run gen`'])
})

test.run()
