/** `npm run test:faults -- --peers`: the same faults on Tapio and on the Go collector, a table of what was lost and what came twice. */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { goCollector } from '../../peers/go-collector.js'
import { freePort } from '../../free-port.js'
import { Backend } from '../delivery/backend.js'
import { Ledger } from '../delivery/ledger.js'
import { PrivateDisk } from '../delivery/private-disk.js'
import { faults, type PeerFault } from './faults.js'
import { Stage } from './stage.js'
import { otelcol, tapio, type Subject } from './subjects.js'

const plenty = 256 << 20

async function play (subject: Subject, { queueBytes = plenty, diskBytes, play: act }: PeerFault): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-peers-'))
  const disk = diskBytes === undefined ? undefined : await PrivateDisk.mount(folder, 'tmpfs', diskBytes)
  if (disk !== undefined && 'skip' in disk) { rmSync(folder, { recursive: true, force: true }); return `SKIP ${disk.skip}` }
  const ledger = new Ledger()
  const backend = new Backend(ledger)
  const [port, backendPort] = [await freePort(), await backend.listen()]
  const stage = new Stage(subject, { folder, queue: join(disk?.directory ?? folder, 'queue'), queueBytes, port, backendPort, within: disk?.within ?? [] }, ledger, backend, disk)
  try {
    await stage.process.running
    const failure = await act(stage).then(() => '', (error: Error) => `; ${error.message.split('\n').slice(0, 2).join(' ').slice(0, 200)}`)
    await stage.settle()
    const { acknowledged, refused, lost, deliveredAgain } = ledger.totals()
    return `${lost.length} lost, ${deliveredAgain} twice of ${acknowledged}${refused > 0 ? `, ${refused} refused for good` : ''}${failure}`
  } catch (error) {
    return `did not run: ${(error as Error).message.split('\n').slice(0, 2).join(' ').slice(0, 200)}`
  } finally {
    await stage.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `words` choose faults by their name. Without Go the table has one column and says why. */
export async function comparePeers (words: readonly string[]): Promise<void> {
  const go = await goCollector('storage')
  console.log(`${cpus()[0]?.model ?? ''} x${cpus().length}, Linux ${release()}, Node ${process.version}, ${'skip' in go ? `no Go collector: ${go.skip}` : go.versions}`)
  const subjects = [tapio, ...('skip' in go ? [] : [otelcol(go.binary)])]
  const table = new Table({ head: ['fault', ...subjects.map(s => s.name)], style: { head: [], border: [] } })
  for (const [name, fault] of Object.entries(faults)) {
    if (words.length > 0 && !words.some(w => name.includes(w))) continue
    const row = [name]
    for (const subject of subjects) row.push(await play(subject, fault))
    console.log(row.join(' | '))
    table.push(row)
  }
  console.log(table.toString())
}
