/** The `ebpf` receiver as users run it, with the bench program beside: a record for each getppid() of one process. Threads import it by URL. */
import { Type, type Static } from '@sinclair/typebox'
import { defineComponent, type ComponentFactory } from '../../../core/component/factory.js'
import { Options } from '../../../core/config/schema.js'
import { syscallNumber } from '../../../native/index.js'
import { schema as shipped } from '../../../receivers/ebpf/config.js'
import { factory } from '../../../receivers/ebpf/factory.js'
import { EbpfReceiver } from '../../../receivers/ebpf/receiver.js'
import { Reports } from '../../../receivers/ebpf/reports.js'
import type { KernelOptions } from '../../../receivers/ebpf/kernel-options.js'

const schema = Options({ ...shipped.properties, only_pid: Type.Integer({ description: 'Whose calls.' }) })

class BenchReceiver extends EbpfReceiver {
  constructor (readonly options: Static<typeof schema>, ...rest: readonly [EbpfReceiver['next'], EbpfReceiver['clock'], EbpfReceiver['pressure'], Reports]) { super(options, ...rest) }

  protected override kernelOptions (): KernelOptions {
    const base = super.kernelOptions()
    const calls = { only_pid: this.options.only_pid, only_syscall: syscallNumber('getppid') as number }
    return { ...base, programs: [...base.programs, 'bench'], settings: program => program === 'bench' ? { ...base.settings(program), ...calls } : base.settings(program) }
  }
}

const source = defineComponent({
  kind: 'receiver', type: 'ebpf_bench', description: 'The ebpf receiver with the bench program.', stability: 'alpha',
  signals: factory.signals, schema, concurrency: 'single', metrics: factory.metrics, drops: factory.drops,
  create: s => new BenchReceiver(s.get('config') as Static<typeof schema>, s.get('next'), s.get('clock'), s.get('pressure'), s.construct(Reports))
})

export const components: readonly ComponentFactory[] = [source]
