import type { StreamState } from '../data/stream.js'
import { now } from '../data/now.js'

/** Whether what is shown is live. */
export function Connection ({ state }: { readonly state: StreamState }) {
  if (state.kind === 'open') return <span class="state good" role="status"><span aria-hidden="true" class="pulse">●</span> live</span>
  if (state.kind === 'connecting') return <span class="state plain" role="status"><span aria-hidden="true">○</span> connecting …</span>
  if (state.kind === 'failed') return <span class="state bad" role="status" title={state.problem.message}><span aria-hidden="true">✕</span> not live: {state.problem.title}</span>
  const seconds = Math.max(0, Math.ceil((state.untilMs - now.value) / 1000))
  return <span class="state warn" role="status" title={state.problem.message}><span aria-hidden="true">▲</span> disconnected, again in {seconds} s</span>
}
