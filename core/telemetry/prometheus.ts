/** Prometheus text exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
import type { MetricAttributes } from './meter.js'
import type { HistogramFamily, HistogramSeries, MetricFamily, MetricSnapshot } from './snapshot.js'

/** The Content-Type of what `renderPrometheus` returns. */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

export function renderPrometheus (snapshot: MetricSnapshot): string {
  return snapshot.families.map(renderFamily).join('')
}

function renderFamily (family: MetricFamily): string {
  const { name, declaration } = family
  const head = `# HELP ${name} ${escapeHelp(declaration.description)}\n# TYPE ${name} ${declaration.kind}\n`
  if (family.kind === 'histogram') return head + family.series.map(series => renderHistogram(family, series)).join('')
  return head + family.series.map(({ attributes, value }) => `${name}${labels(attributes)} ${number(value)}\n`).join('')
}

/** Buckets are cumulative here, in ascending `le`, and `+Inf` equals the count. */
function renderHistogram ({ name, declaration }: HistogramFamily, { attributes, buckets, sum, count }: HistogramSeries): string {
  let below = 0n
  let text = ''
  declaration.bounds?.forEach((bound, i) => {
    below += buckets[i] ?? 0n
    text += `${name}_bucket${labels(attributes, number(bound))} ${below}\n`
  })
  text += `${name}_bucket${labels(attributes, '+Inf')} ${count}\n`
  return `${text}${name}_sum${labels(attributes)} ${number(sum)}\n${name}_count${labels(attributes)} ${count}\n`
}

function labels (attributes: MetricAttributes, le?: string): string {
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}="${escapeValue(value)}"`)
  if (le !== undefined) pairs.push(`le="${le}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function number (value: bigint | number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

/** NUL ends the input of Prometheus' scanner, and "\r" is a line end to some readers; the format can escape neither. */
const escapeHelp = (text: string): string => text.replace(/[\0\r]/g, '\ufffd').replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
const escapeValue = (text: string): string => escapeHelp(text).replace(/"/g, '\\"')
