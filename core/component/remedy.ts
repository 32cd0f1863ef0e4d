/** What to do about rows that end with a reason: shown by `tapio explain-drop` and in the tables of READMEs. */

export interface DropRemedy {
  /** Key paths that govern it: within the component's own options (`sending_queue.max_size`), or `service.…`. None: no option does. */
  readonly options: readonly string[]
  /** Sentences: what to look at, what to change. */
  readonly action: string
  /** True: the configuration asks for it, so that nothing is wrong by itself. Left out = it is a loss. */
  readonly isIntended?: true
}

export type DropRemedies = Readonly<Record<string, DropRemedy>>

/** Of what a component held when Tapio ended. */
export const shutdownRemedy: DropRemedy = {
  options: ['service.shutdown_timeout'],
  action: 'Give the end more time, also where Tapio is started (terminationGracePeriodSeconds, TimeoutStopSec), and see why what follows took so long: `tapio graph --live`.'
}

/** When a batch had been taken by one output and another gave it up. */
export const refusedRemedy: DropRemedy = {
  options: [],
  action: 'The reason is with the exporter behind it: look at its state in `tapio status`. A `sending_queue` there keeps its failures from others.'
}
