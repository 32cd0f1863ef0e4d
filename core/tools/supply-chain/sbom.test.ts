/**
 * Scenario: the bill of materials of this build.
 * Guarantees: CycloneDX 1.5 by the fields it asks for; every production dependency of the lockfile by name, version and checksum, the packages
 * in the web page, the kernel addon and programs as they are on disk; every dependency leads to a component; twice the same text.
 * Does not show: the whole JSON schema of CycloneDX (the README says how it was checked once).
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundledPackages, type LockEntry } from './lockfile.js'
import { bomOf } from './make-sbom.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..')
const test = suite('bill of materials')
const bom = bomOf(root)
const refs = new Set(bom.components.map(c => c['bom-ref']))

/** The required part of http://cyclonedx.org/schema/bom-1.5.schema.json for what is used of it. */
const licenses = { type: 'array', minItems: 1, items: { oneOf: [{ type: 'object', required: ['license'], additionalProperties: false, properties: { license: { type: 'object', required: ['id'] } } }, { type: 'object', required: ['expression'], additionalProperties: false, properties: { expression: { type: 'string', pattern: '\\s' } } }] } }
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['bomFormat', 'specVersion', 'serialNumber', 'version', 'metadata', 'components', 'dependencies'],
  properties: {
    bomFormat: { const: 'CycloneDX' }, specVersion: { const: '1.5' }, version: { type: 'integer', minimum: 1 },
    serialNumber: { type: 'string', pattern: '^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' },
    metadata: { type: 'object', required: ['component'], properties: { component: { type: 'object', required: ['type', 'name', 'version', 'purl', 'licenses'], properties: { licenses } } } },
    components: {
      type: 'array', uniqueItems: true,
      items: {
        type: 'object', additionalProperties: false, required: ['type', 'name', 'bom-ref', 'hashes', 'licenses'],
        properties: {
          type: { enum: ['library', 'file'] }, name: { type: 'string', minLength: 1 }, version: { type: 'string', minLength: 1 }, 'bom-ref': { type: 'string', minLength: 1 }, description: { type: 'string' },
          scope: { enum: ['required', 'optional'] }, purl: { type: 'string', pattern: '^pkg:npm/(%40[^/@]+/)?[^/@]+@[^/@]+$' }, licenses,
          hashes: { type: 'array', minItems: 1, items: { type: 'object', required: ['alg', 'content'], properties: { alg: { enum: ['SHA-256', 'SHA-512'] }, content: { type: 'string', pattern: '^([a-f0-9]{64}|[a-f0-9]{128})$' } } } },
          properties: { type: 'array', items: { type: 'object', required: ['name', 'value'] } }
        }
      }
    },
    dependencies: { type: 'array', uniqueItems: true, items: { type: 'object', required: ['ref', 'dependsOn'], additionalProperties: false, properties: { ref: { type: 'string' }, dependsOn: { type: 'array', uniqueItems: true, items: { type: 'string' } } } } }
  }
}

test('it has the form that CycloneDX asks for', () => {
  const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(schema)
  validate(bom)
  assert.equal(validate.errors ?? [], [])
})

test('every production dependency of the lockfile is in it, with its checksum and licence', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Readonly<Record<string, LockEntry>> }
  const wanted = Object.entries(packages).filter(([path, p]) => path !== '' && p.dev !== true && p.devOptional !== true)
  assert.ok(wanted.length > 100)
  for (const [path, { version, integrity = '' }] of wanted) {
    const name = path.slice(path.lastIndexOf('node_modules/') + 13)
    const component = bom.components.find(c => c.name === name && c.version === version)
    assert.is(component?.hashes[0]?.content, Buffer.from(integrity.slice(7), 'base64').toString('hex'), `${name} ${version}`)
  }
  for (const name of ['typescript', 'uvu', 'eslint']) assert.not.ok(bom.components.some(c => c.name === name), name)
})

test('what the page is built of is in it, and marked', () => {
  const marked = bom.components.filter(c => c.properties?.some(p => p.name === 'tapio:built-into')).map(c => c.name)
  assert.equal([...new Set(marked)].sort(), [...bundledPackages(root)].sort())
  assert.ok(marked.includes('preact'))
})

test('the kernel addon and every kernel program are in it as they are on disk', () => {
  const objects = readdirSync(join(root, 'dist/bpf/objects')).filter(f => f.endsWith('.bpf.o')).map(f => `dist/bpf/objects/${f}`)
  assert.ok(objects.length > 0)
  for (const path of [...objects, ...existsSync(join(root, 'dist/native/tapio.node')) ? ['dist/native/tapio.node'] : []]) {
    assert.is(bom.components.find(c => c.name === path)?.hashes[0]?.content, createHash('sha256').update(readFileSync(join(root, path))).digest('hex'), path)
  }
})

test('every dependency leads to a component, and every component is reached from the root', () => {
  const rootRef = bom.metadata.component['bom-ref']
  const targets = new Map(bom.dependencies.map(d => [d.ref, d.dependsOn]))
  for (const { ref, dependsOn } of bom.dependencies) {
    assert.ok(ref === rootRef || refs.has(ref), ref)
    for (const target of dependsOn) assert.ok(refs.has(target), `${ref} -> ${target}`)
  }
  const reached = new Set<string>()
  const walk = (ref: string): void => {
    if (reached.has(ref)) return
    reached.add(ref)
    for (const target of targets.get(ref) ?? []) walk(target)
  }
  walk(rootRef)
  assert.equal([...refs].filter(ref => !reached.has(ref)), [])
})

test('the same tree gives the same text', () => {
  assert.is(JSON.stringify(bomOf(root)), JSON.stringify(bom))
})

test.run()
