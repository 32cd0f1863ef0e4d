/** package-lock.json (version 3) as what the other files here ask of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface LockEntry {
  readonly name?: string
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export interface LockedPackage extends LockEntry {
  /** `node_modules/a/node_modules/b`. */
  readonly path: string
  readonly name: string
  readonly version: string
  /** A part of what is shipped: a dependency in production, or built into the web page. */
  readonly shipped: boolean
}

export interface Lockfile {
  readonly version: number
  readonly root: LockEntry & { readonly name: string, readonly version: string }
  readonly packages: readonly LockedPackage[]
}

/** `bundled`: names of packages that the build puts into what is shipped, though they are no dependencies in production. */
export function parseLockfile (text: string, bundled: readonly string[]): Lockfile {
  const { lockfileVersion, packages = {} } = JSON.parse(text) as { lockfileVersion: number, packages?: Readonly<Record<string, LockEntry>> }
  const root = packages['']
  if (lockfileVersion !== 3 || root?.name === undefined || root.version === undefined) throw new Error(`package-lock.json: expected version 3 with a named root, found version ${lockfileVersion}; write it with npm 9 or later`)
  return {
    version: lockfileVersion,
    root: { ...root, name: root.name, version: root.version },
    packages: Object.entries(packages).filter(([path]) => path !== '').map(([path, entry]) => {
      const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const production = entry.dev !== true && entry.devOptional !== true
      return { ...entry, path, name, version: entry.version ?? '', shipped: production || (bundled.includes(name) && path === `node_modules/${name}`) }
    })
  }
}

export function readLockfile (root: string): Lockfile {
  return parseLockfile(readFileSync(join(root, 'package-lock.json'), 'utf8'), bundledPackages(root))
}

/** Packages in the web page, as the build wrote them down (core/tools/page.mjs). */
export function bundledPackages (root: string): readonly string[] {
  return JSON.parse(readFileSync(join(root, 'dist', 'core', 'api', 'page-packages.json'), 'utf8')) as string[]
}

/** The package that `name` means in the package at `from` ('' = the root): the nearest node_modules above it. */
export function resolveFrom (lock: Lockfile, from: string, name: string): LockedPackage | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`
    const found = lock.packages.find(p => p.path === path)
    if (found !== undefined || at === '') return found
  }
}

/** Scripts that run at `npm ci` can do anything: who has one was looked at. lmdb and msgpackr-extract look for a prebuilt binary, protobufjs prints a warning about versions, esbuild and buf unpack their program. */
const installScripts: readonly string[] = ['@bufbuild/buf', 'esbuild', 'lmdb', 'msgpackr-extract', 'protobufjs']

/** What makes an install something else than what was looked at. Lines for people. */
export function lockfileFaults ({ packages }: Lockfile): string[] {
  return packages.flatMap(({ path, name, link, resolved, integrity, hasInstallScript }) => {
    const faults: string[] = []
    if (link === true) faults.push(`${path}: is a link; expected a package of the registry`)
    // Left out, it is the registry that npm is configured for, and the checksum says whether it gave the right thing.
    else if (resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')) faults.push(`${path}: comes from ${resolved}; expected https://registry.npmjs.org/`)
    if (link !== true && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')) faults.push(`${path}: has ${integrity === undefined ? 'no checksum' : `the checksum "${integrity.slice(0, 20)}…"`}; expected sha512. Delete its entry and run \`npm install --package-lock-only\``)
    if (hasInstallScript === true && !installScripts.includes(name)) faults.push(`${path}: runs a script when it is installed, and is not in the list of those that were looked at (core/tools/supply-chain/lockfile.ts)`)
    return faults
  })
}
