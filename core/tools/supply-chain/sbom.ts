/**
 * A software bill of materials of what is shipped (CycloneDX 1.5, https://cyclonedx.org/docs/1.5/json/): production packages of the
 * lockfile, packages inside the web page, the kernel addon and the kernel programs. The same tree gives the same text, byte for
 * byte: no time, and a serial number made of the contents. `npm sbom --omit=dev` (npm 11.19) leaves out packages that development needs, too.
 */
import { createHash } from 'node:crypto'
import { resolveFrom, type Lockfile, type LockedPackage } from './lockfile.js'

/** A file that is shipped and is no package. */
export interface ShippedFile { readonly path: string, readonly bytes: Uint8Array, readonly description: string, readonly licence: string }

interface Component {
  readonly type: 'library' | 'file'
  readonly 'bom-ref': string
  readonly name: string
  readonly version?: string
  readonly description?: string
  readonly scope?: 'required' | 'optional'
  readonly purl?: string
  readonly hashes: readonly { readonly alg: 'SHA-512' | 'SHA-256', readonly content: string }[]
  readonly licenses: readonly ({ readonly license: { readonly id: string } } | { readonly expression: string })[]
  readonly properties?: readonly { readonly name: string, readonly value: string }[]
}

interface Dependency { readonly ref: string, readonly dependsOn: readonly string[] }

export interface Bom {
  readonly bomFormat: 'CycloneDX'
  readonly specVersion: '1.5'
  readonly serialNumber: string
  readonly version: 1
  readonly metadata: { readonly component: { readonly type: 'application', readonly 'bom-ref': string, readonly name: string, readonly version: string, readonly purl: string, readonly licenses: Component['licenses'] } }
  readonly components: readonly Component[]
  readonly dependencies: readonly Dependency[]
}

export function makeBom (lock: Lockfile, bundled: readonly string[], files: readonly ShippedFile[]): Bom {
  const shipped = lock.packages.filter(p => p.shipped)
  // Of two copies of one version in the tree one is told.
  const components = [...new Map([...shipped.map(p => packageComponent(p, bundled)), ...files.map(fileComponent)].map(c => [c['bom-ref'], c])).values()]
    .sort((a, b) => a['bom-ref'] < b['bom-ref'] ? -1 : 1)
  const { name, version, license = '' } = lock.root
  const component = { type: 'application' as const, 'bom-ref': purlOf(name, version), name, version, purl: purlOf(name, version), licenses: licensesOf(license) }
  const dependencies = dependenciesOf(lock, shipped, [...bundled.map(b => `node_modules/${b}`)], component['bom-ref'], files)
  return { bomFormat: 'CycloneDX', specVersion: '1.5', serialNumber: serialOf([component, components, dependencies]), version: 1, metadata: { component }, components, dependencies }
}

function packageComponent (p: LockedPackage, bundled: readonly string[]): Component {
  return {
    type: 'library',
    'bom-ref': purlOf(p.name, p.version),
    name: p.name,
    version: p.version,
    scope: p.optional === true ? 'optional' : 'required',
    purl: purlOf(p.name, p.version),
    hashes: [{ alg: 'SHA-512', content: Buffer.from((p.integrity ?? '').replace(/^sha512-/, ''), 'base64').toString('hex') }],
    licenses: licensesOf(p.license ?? ''),
    ...(bundled.includes(p.name) && { properties: [{ name: 'tapio:built-into', value: 'core/api/page' }] })
  }
}

function fileComponent ({ path, bytes, description, licence }: ShippedFile): Component {
  return { type: 'file', 'bom-ref': `file:${path}`, name: path, description, hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(bytes).digest('hex') }], licenses: licensesOf(licence) }
}

const licensesOf = (text: string): Component['licenses'] => /\s/.test(text) ? [{ expression: text }] : [{ license: { id: text } }]

/** https://github.com/package-url/purl-spec: the `@` of a scope is encoded. */
export const purlOf = (name: string, version: string): string => `pkg:npm/${name.replace(/^@/, '%40')}@${version}`

function dependenciesOf (lock: Lockfile, shipped: readonly LockedPackage[], bundled: readonly string[], root: string, files: readonly ShippedFile[]): Dependency[] {
  const byRef = new Map<string, Set<string>>()
  const add = (ref: string, targets: readonly (LockedPackage | undefined)[]): void => {
    const known = byRef.get(ref) ?? new Set()
    for (const target of targets) if (target?.shipped === true) known.add(purlOf(target.name, target.version))
    byRef.set(ref, known)
  }
  const wanted = ({ dependencies = {}, optionalDependencies = {}, peerDependencies = {} }: LockedPackage | Lockfile['root']): string[] => Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
  add(root, [...wanted(lock.root).map(name => resolveFrom(lock, '', name)), ...lock.packages.filter(p => bundled.includes(p.path))])
  for (const p of shipped) add(purlOf(p.name, p.version), wanted(p).map(name => resolveFrom(lock, p.path, name)))
  for (const { path } of files) byRef.get(root)?.add(`file:${path}`)
  return [...byRef].map(([ref, targets]) => ({ ref, dependsOn: [...targets].sort() })).sort((a, b) => a.ref < b.ref ? -1 : 1)
}

/** A UUID of version 8 (RFC 9562: of one's own making) from a digest. */
function serialOf (content: unknown): string {
  const hex = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
