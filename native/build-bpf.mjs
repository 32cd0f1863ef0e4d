// `npm run gen:bpf`: compiles bpf/programs/*/*.bpf.c into bpf/objects/, which is in the repository so that nobody else needs clang.
// `--check` compiles into a temporary folder and compares: the bytes must be the same with the clang version below.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bpf = join(dirname(fileURLToPath(import.meta.url)), '..', 'bpf')
// Another version may choose other instructions for the same program. 14 is Debian 12's.
const clangVersion = '14'

/** `clang-14` where the machine has it, else `clang`, whatever version that is. */
const tools = runs(`clang-${clangVersion}`) ? { clang: `clang-${clangVersion}`, strip: `llvm-strip-${clangVersion}` } : { clang: 'clang', strip: 'llvm-strip' }

function runs (program) { return spawnSync(program, ['--version']).status === 0 }

function run (program, args) {
  // Relative names from one folder: the paths of a build machine would otherwise get into the type information.
  const { status, error, stderr } = spawnSync(program, args, { cwd: bpf, encoding: 'utf8' })
  if (error) throw new Error(`${program} cannot be run: ${error.code}. apt-get install clang-14 llvm-14 libbpf-dev`)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${stderr}`)
  if (stderr !== '') console.error(stderr)
}

function compileAll (out) {
  const names = readdirSync(join(bpf, 'programs')).sort()
  for (const name of names) {
    const object = join(out, `${name}.bpf.o`)
    run(tools.clang, ['-g', '-O2', '-mcpu=v3', '-target', 'bpf', '-D__TARGET_ARCH_x86', '-Wall', '-Werror', '-fdebug-compilation-dir=.', '-c', `programs/${name}/${name}.bpf.c`, '-o', object])
    // Drops DWARF; BTF stays.
    run(tools.strip, ['-g', object])
  }
  return names
}

function clangIs () { return /clang version (\d+)/.exec(spawnSync(tools.clang, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? '' }

if (!process.argv.includes('--check')) {
  console.log(`wrote bpf/objects: ${compileAll(join(bpf, 'objects')).join(', ')}`)
  if (clangIs() !== clangVersion) console.error(`gen:bpf: this is clang ${clangIs()}; CI compares with what clang ${clangVersion} makes`)
} else if (clangIs() !== clangVersion) {
  console.log(`SKIP comparing bpf/objects: clang ${clangVersion} is not here (found: ${clangIs() || 'none'})`)
} else {
  const out = mkdtempSync(join(tmpdir(), 'tapio-bpf-'))
  try {
    const stale = compileAll(out).filter(n => !readFileSync(join(out, `${n}.bpf.o`)).equals(readFileSync(join(bpf, 'objects', `${n}.bpf.o`))))
    if (stale.length > 0) throw new Error(`bpf/objects is not what the sources say (${stale.join(', ')}): run \`npm run gen:bpf\``)
    console.log('bpf/objects are in step with their sources')
  } finally {
    rmSync(out, { recursive: true })
  }
}
