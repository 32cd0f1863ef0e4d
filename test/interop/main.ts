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
    const outcome = await run().catch((error: unknown): Outcome => ({ compared: { traces: 0, metrics: 0, logs: 0 }, difference: String(error instanceof Error ? error.message : error) }))
    const { traces, metrics, logs } = outcome.compared
    const counts = `${traces} spans, ${metrics} metrics, ${logs} log records`
    if (outcome.skip !== undefined) console.log(`  SKIP  ${name}: ${outcome.skip}`)
    else if (outcome.difference === undefined) console.log(`  ok    ${name}: ${counts} equal`)
    else {
      failures++
      console.log(`  FAIL  ${name}: ${counts} compared\n${outcome.difference}`)
    }
  }
}

console.log(`node ${process.versions.node}, ${process.platform} ${process.arch}`)
for (const find of [goScenarios, pythonScenarios]) await runPeer(await find())
console.log(failures === 0 ? '\nno difference' : `\n${failures} scenarios differ`)
process.exitCode = failures === 0 ? 0 : 1
