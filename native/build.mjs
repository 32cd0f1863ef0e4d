// Compiles native/*.c into dist/native/tapio.node. Needs a C compiler and Node's headers (the package node-api-headers, or
// those beside the node binary). Without them Tapio works, and the ebpf receiver says why it does not: a build never fails here.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const sources = ['tapio.c', 'netlink.c']

function includeDirectory () {
  const candidates = [join(dirname(process.execPath), '..', 'include', 'node')]
  try {
    candidates.unshift(createRequire(import.meta.url)('node-api-headers').include_dir)
  } catch {} // not installed: the other place may have them
  return candidates.find(d => existsSync(join(d, 'node_api.h')))
}

/** Writes `tapio.node`, or `tapio.node.txt` with the reason why there is none. Returns the reason, '' when it was built. */
export function buildAddon (outDirectory) {
  const target = join(outDirectory, 'tapio.node')
  mkdirSync(outDirectory, { recursive: true })
  const reason = compile(target)
  if (reason === '') rmSync(`${target}.txt`, { force: true })
  else writeFileSync(`${target}.txt`, reason)
  return reason
}

function compile (target) {
  if (process.platform !== 'linux') return `eBPF is Linux only, this is ${process.platform}`
  const include = includeDirectory()
  if (include === undefined) return 'Node\'s headers were not found: npm install node-api-headers'
  // Under another name first: a process that has the old one mapped must not see it change.
  const unfinished = `${target}.${process.pid}`
  const args = ['-O2', '-Wall', '-Wextra', '-fPIC', '-shared', '-fvisibility=hidden', '-s', `-I${include}`, '-o', unfinished, '-pthread', ...sources.map(s => join(here, s))]
  const { status, error, stderr } = spawnSync(process.env.CC ?? 'cc', args, { encoding: 'utf8' })
  if (error !== undefined) return `the C compiler "${process.env.CC ?? 'cc'}" could not be run (${error.code}): install gcc and build again`
  if (status !== 0) return `compiling native/*.c failed: ${stderr.trim().split('\n').slice(0, 3).join(' ')}`
  renameSync(unfinished, target)
  return ''
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const reason = buildAddon(join(here, '..', 'dist', 'native'))
  if (reason !== '') console.error(`tapio: no kernel addon: ${reason}`)
}
