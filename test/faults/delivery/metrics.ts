/** What Tapio says of itself, read from its exposition text. */

interface Sample { readonly name: string, readonly labels: ReadonlyMap<string, string>, readonly value: number }

export class Metrics {
  readonly #samples: readonly Sample[]

  constructor (text: string) { this.#samples = text.split('\n').filter(l => l !== '' && !l.startsWith('#')).map(parse) }

  /** Of all series of a metric that have these labels. */
  sum (name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.#samples.filter(s => s.name === name && Object.entries(labels).every(([k, v]) => s.labels.get(k) === v)).reduce((n, s) => n + s.value, 0)
  }

  /** Rows that ended in a component on purpose, by reason. */
  drops (component: string): Readonly<Record<string, number>> {
    const found: Record<string, number> = {}
    for (const { name, labels, value } of this.#samples) {
      if (name !== 'tapio_component_dropped_events_total' || labels.get('component') !== component || value === 0) continue
      const reason = labels.get('reason') ?? ''
      found[reason] = (found[reason] ?? 0) + value
    }
    return found
  }
}

function parse (text: string): Sample {
  const [, name = '', labels = '', value = ''] = /^([^{ ]+)(?:\{(.*)\})? (\S+)/.exec(text) ?? []
  return { name, labels: new Map([...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(m => [m[1] ?? '', m[2] ?? ''])), value: Number(value) }
}
