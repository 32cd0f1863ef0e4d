import { levelOf, levelSigns, layerOf, layerWords, spoken, stateOf, stateSigns, stateWords, toneOfState } from '../format/words.js'

export function Severity ({ level }: { readonly level: string | undefined }) {
  const l = levelOf(level)
  return <span class={`badge severity ${l}`}><span aria-hidden="true">{levelSigns[l]}</span> {l}</span>
}

export function LayerTag ({ layer }: { readonly layer: string | undefined }) {
  const l = layerOf(layer)
  return <span class={`layer ${l}`}>{layerWords[l]}</span>
}

export function AffectedTag ({ state }: { readonly state: string | undefined }) {
  const s = stateOf(state)
  return <span class={`badge affected ${s}`}><span aria-hidden="true">{stateSigns[s]}</span> {stateWords[s]}</span>
}

const signs = { good: '●', warn: '▲', bad: '✕', plain: '○' } as const

/** Of a component, a collector, the whole. */
export function StateTag ({ state, reason }: { readonly state: string | undefined, readonly reason?: string | undefined }) {
  const tone = toneOfState(state)
  return <span class={`state ${tone}`} title={reason}><span aria-hidden="true">{signs[tone]}</span> {spoken(state) || 'unknown'}</span>
}

export function Meter ({ share, label, tone = 'plain' }: { readonly share: number, readonly label: string, readonly tone?: 'plain' | 'warn' | 'bad' }) {
  const full = Math.min(1, Math.max(0, share))
  return (
    <span class={`meter ${tone}`} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(full * 100)}>
      <span class="meter-fill" style={{ width: `${full * 100}%` }} />
    </span>
  )
}
