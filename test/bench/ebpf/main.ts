/** The kernel side: `npm run bench -- ebpf`, as root; else it says why not. About five minutes. */
import { kernelTestFault } from '../../../native/testing/kernel.js'
import { printMachine, type Report } from '../report.js'
import { cost } from './cost.js'
import { overhead, throughput } from './kernel.js'
import { pipeline } from './pipeline.js'

export async function run (report: Report): Promise<void> {
  const fault = kernelTestFault()
  if (fault !== '') { report(`SKIP ebpf: ${fault}`); return }
  printMachine(report)
  await throughput(report)
  await pipeline(report)
  await overhead(report)
  await cost(report)
}
