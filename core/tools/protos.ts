/**
 * The proto files of the API and what is made of them, by buf: lint, code in step, nothing broken for those who have built on
 * `baseline.binpb`, the API as it was last released.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `root`: the project's folder, for buf itself. `proto`: the folder of buf.yaml; code is made in `gen` beside it. */
export interface ProtoPlace { readonly root: string, readonly proto: string }

export function placeOf (root: string): ProtoPlace { return { root, proto: join(root, 'core', 'api', 'proto') } }

/** What is wrong; empty when nothing is. */
export function checkProtos (place: ProtoPlace): string[] {
  return [...faultsOf(place, ['lint']), ...staleCode(place), ...brokenSince(place)]
}

/** Makes the code anew. Throws in the words of buf. */
export function generateCode (place: ProtoPlace): void {
  const faults = [...faultsOf(place, ['lint']), ...faultsOf(place, ['generate'])]
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

/** From now on the API is what clients are built on. */
export function moveBaseline (place: ProtoPlace): void {
  const faults = faultsOf(place, ['build', '--exclude-source-info', '-o', baselineName])
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

const baselineName = 'baseline.binpb'

/** Incompatible changes, by file and line. */
export function brokenSince (place: ProtoPlace): string[] {
  return faultsOf(place, ['breaking', '--against', baselineName])
    .map(fault => `${fault} (the change breaks clients; undo it, or see core/api/proto/README.md)`)
}

export function staleCode (place: ProtoPlace): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-protos-'))
  try {
    // buf.gen.yaml says `../gen`, which is put behind this.
    mkdirSync(join(folder, 'proto'))
    const faults = faultsOf(place, ['generate', '-o', join(folder, 'proto')])
    if (faults.length > 0) return faults
    const [made, found] = [filesBelow(join(folder, 'gen')), filesBelow(join(place.proto, '..', 'gen'))]
    return [...new Set([...made.keys(), ...found.keys()])].filter(name => made.get(name) !== found.get(name))
      .map(name => `core/api/gen/${name} is not what the proto files say; run \`npm run gen\``)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function filesBelow (folder: string): Map<string, string> {
  return new Map(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => statSync(join(folder, name)).isFile())
    .map(name => [name, readFileSync(join(folder, name), 'utf8')]))
}

/** What buf complains of. Throws when it does not run. */
function faultsOf ({ root, proto }: ProtoPlace, args: readonly string[]): string[] {
  const { error, status, stdout, stderr } = spawnSync(join(root, 'node_modules', '.bin', 'buf'), args, { cwd: proto, encoding: 'utf8' })
  if (error !== undefined) throw new Error(`buf does not run: ${error.message}; \`npm ci\` installs it`, { cause: error })
  return status === 0 ? [] : `${stdout}\n${stderr}`.split('\n').filter(line => line !== '').map(line => `core/api/proto/${line}`)
}
