/** Builds the Go collector from its modules, once for a set of versions, outside the repository. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export interface GoCollector {
  readonly binary: string
  /** The collector's and Go's versions, for the head of a report. */
  readonly versions: string
}

/** `skip` says in one line why there is none on this machine. */
export type GoCollectorResult = GoCollector | { readonly skip: string }

const run = promisify(execFile)

/** The Go files are data to us, so they are read where they are and not copied into dist. */
const sources = fileURLToPath(new URL('../../../test/peers/otelcol/', import.meta.url))

/** A first build fetches and compiles some hundred modules. */
const buildTimeoutMs = 15 * 60_000

export function cacheFolder (): string {
  return process.env.TAPIO_BENCH_CACHE ?? join(tmpdir(), 'tapio-bench-cache')
}

/** `plain`, or with what its tag adds: a Kubernetes client, storage in files. */
export type GoFlavour = 'plain' | 'k8s' | 'storage'

export async function goCollector (flavour: GoFlavour): Promise<GoCollectorResult> {
  const go = await run('go', ['version']).then(({ stdout }) => stdout.trim().split(' ')[2] ?? '', () => undefined)
  if (go === undefined) return { skip: 'Go is not installed (there is no `go` on the PATH)' }
  const files = readdirSync(sources).sort()
  const hash = createHash('sha256').update(go)
  for (const file of files) hash.update(readFileSync(join(sources, file)))
  const folder = join(cacheFolder(), `otelcol-${hash.digest('hex').slice(0, 12)}`)
  const binary = join(folder, `otelcol-${flavour}`)
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    for (const file of files) copyFileSync(join(sources, file), join(folder, file))
    const failure = await build(folder, binary, flavour)
    if (failure !== undefined) return { skip: `the Go collector could not be built: ${failure}` }
  }
  return { binary, versions: `otelcol ${collectorVersion()} (${go})` }
}

/** Undefined when it worked. The binary takes its name when it is whole, so that a build that is cut short leaves none. */
async function build (folder: string, binary: string, flavour: GoFlavour): Promise<string | undefined> {
  const args = ['build', '-mod=mod', '-buildvcs=false', ...(flavour === 'plain' ? [] : ['-tags', flavour]), '-o', `${binary}.part`, '.']
  try {
    await run('go', args, { cwd: folder, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' }, timeout: buildTimeoutMs, maxBuffer: 16 << 20 })
    renameSync(`${binary}.part`, binary)
    return undefined
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? error).split('\n').filter(line => line !== '' && !line.startsWith('go: downloading'))
    return said.slice(0, 2).join(' ')
  }
}

function collectorVersion (): string {
  return /collector\/otelcol (v\S+)/.exec(readFileSync(join(sources, 'go.mod'), 'utf8'))?.[1] ?? 'of unknown version'
}
