import { now } from '../data/now.js'
import { ago, moment, msOf, span, utc } from '../format/time.js'

/** In the reader's zone; UTC when pointed at. */
export function Time ({ at, relative = false }: { readonly at: string | undefined, readonly relative?: boolean }) {
  const ms = msOf(at)
  if (ms === undefined) return <span class="dim">–</span>
  const local = moment(ms, now.value)
  return <time dateTime={at} title={relative ? `${local} · ${utc(ms)}` : utc(ms)}>{relative ? ago(ms, now.value) : local}</time>
}

/** From one time to another, or until now. */
export function Lasting ({ from, to }: { readonly from: string | undefined, readonly to: string | undefined }) {
  const start = msOf(from)
  if (start === undefined) return null
  const ms = Math.max(0, (msOf(to) ?? now.value) - start)
  return <span title={`since ${utc(start)}`}>{to === undefined && ms < 1000 ? 'a moment' : span(ms)}</span>
}
