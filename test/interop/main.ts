/**
 * `npm run test:interop`: Tapio between programs that other people wrote. Every record is compared by what a protobuf
 * decoder says it holds, not by number alone. Exits 1 when one differs; says SKIP and why where a peer cannot be had.
 */
import { goScenarios } from './go.js'
import { pythonScenarios } from './python.js'
import type { Outcome } from './outcome.js'

/** Runs one exchange and answers what was compared. */
export interface Scenario { readonly name: string, run(): Promise<Outcome> }

/** A peer with its versions, or why there is none here. */
export type Peer = { readonly versions: string, readonly scenarios: readonly Scenario[] } | { readonly skip: string }

let failures = 0

async function runPeer (peer: Peer): Promise<void> {
  if ('skip' in peer) { console.log(`SKIP ${peer.skip}`); return }
  console.log(`\n${peer.versions}`)
  for (const { name, run } of peer.scenarios) {
    const { compared, difference } = await run().catch((error: unknown): Outcome => ({ compared: 'nothing', difference: String(error instanceof Error ? error.message : error) }))
    if (difference === undefined) console.log(`  ok    ${name}: ${compared} equal`)
    else {
      failures++
      console.log(`  FAIL  ${name}: ${compared} compared\n${difference}`)
    }
  }
}

console.log(`node ${process.versions.node}, ${process.platform} ${process.arch}`)
for (const find of [goScenarios, pythonScenarios]) await runPeer(await find())
console.log(failures === 0 ? '\nno difference' : `\n${failures} scenarios differ`)
process.exitCode = failures === 0 ? 0 : 1
