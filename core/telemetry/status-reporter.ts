/** How a component's status gets to the health board, from whichever thread it runs in. */
import type { ComponentId } from '../component/id.js'
import type { ComponentState, StatusReporter } from '../component/status.js'

/** Plain data: crosses threads by structured clone. */
export interface StatusReport {
  /** See `componentKey`. */
  readonly component: string
  readonly state: ComponentState
  /** In words; empty when there is nothing to say. */
  readonly reason: string
}

/** Where one of several instances of a component runs: processors have one per pipeline, replicas one per thread. */
export interface ComponentPlace { readonly pipeline?: string, readonly thread?: string }

/** `exporter/otlp/backup`, with ` in <pipeline>` and ` on <thread>` where given: unique within the process. */
export function componentKey (id: Pick<ComponentId, 'kind' | 'text'>, { pipeline, thread }: ComponentPlace = {}): string {
  return `${id.kind}/${id.text}${pipeline === undefined ? '' : ` in ${pipeline}`}${thread === undefined ? '' : ` on ${thread}`}`
}

/** Shown in every readiness answer while it lasts. */
const maxReasonChars = 512

/**
 * A reporter that passes on changes only: exporters say `ok` after every batch, and in a worker each report is a message.
 * A repeated error with other words is a change.
 */
export function createStatusReporter (component: string, send: (report: StatusReport) => void): StatusReporter {
  let last = ''
  const report = (state: ComponentState, reason: string): void => {
    const short = String(reason).slice(0, maxReasonChars)
    const key = `${state} ${short}`
    if (key === last) return
    last = key
    send({ component, state, reason: short })
  }
  return {
    ok: () => report('ok', ''),
    degraded: reason => report('degraded', reason),
    recoverableError: reason => report('recoverable_error', reason),
    permanentError: reason => report('permanent_error', reason)
  }
}
