/** `npm run sbom`, and a part of `prepack`: writes dist/sbom.cdx.json of what the build has put into dist. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundledPackages, readLockfile } from './lockfile.js'
import { makeBom, type Bom, type ShippedFile } from './sbom.js'

/** The bill of the tree at `root`, which must be built. */
export function bomOf (root: string): Bom {
  return makeBom(readLockfile(root), bundledPackages(root), shippedFiles(root))
}

function shippedFiles (root: string): ShippedFile[] {
  const objects = join('dist', 'bpf', 'objects')
  const file = (path: string, description: string, licence: string): ShippedFile => ({ path: path.replaceAll('\\', '/'), bytes: readFileSync(join(root, path)), description, licence })
  const addon = join('dist', 'native', 'tapio.node')
  return [
    // Not there when this machine has no compiler; the build says so.
    ...existsSync(join(root, addon)) ? [file(addon, 'N-API addon of Tapio: eBPF and netlink; links libc alone', 'MIT')] : [],
    ...readdirSync(join(root, objects)).filter(name => name.endsWith('.bpf.o')).sort().map(name => file(join(objects, name), 'kernel program of Tapio (eBPF)', 'MIT OR GPL-2.0-only'))
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..')
  const bom = bomOf(root)
  writeFileSync(join(root, 'dist', 'sbom.cdx.json'), `${JSON.stringify(bom, null, 2)}\n`)
  console.log(`dist/sbom.cdx.json: ${bom.components.length} components`)
}
