/** The processor that is measured, written in three ways: drops rows of severity ERROR and above, marks the others. A plugin, and (`components`) a module of a catalog as Tapio's own are. */
import { accepted, BatchBuilder, definePlugin, defineComponent, Options, type ComponentFactory, type Consumer, type EventBatch, type Outcome, type Processor } from 'tapio/plugin'

const error = 17
const key = 'trimmed'

type Trim = (batch: EventBatch) => EventBatch

/** Columns as arrays. */
function byColumns (batch: EventBatch): EventBatch {
  const { severity } = batch.columns
  const keep = new Uint8Array(batch.count)
  for (let row = 0; row < keep.length; row++) keep[row] = (severity[row] as number) < error ? 1 : 0
  return batch.filter(keep).withConstant(key, 'yes')
}

/** Rows are read one by one; what goes on shares the columns of what came. */
function byRows (batch: EventBatch): EventBatch {
  const keep = new Uint8Array(batch.count)
  for (const row of batch) keep[row.row] = (row.get('severity') ?? 0) < error ? 1 : 0
  return batch.filter(keep).withConstant(key, 'yes')
}

/** Each row becomes an object and the batch is made anew: what a person would write who has never heard of columns. */
function byObjects (batch: EventBatch): EventBatch {
  const builder = new BatchBuilder(batch.count)
  for (const row of batch) {
    const event = row.toObject()
    if ((event.severity ?? 0) < error) builder.append({ ...event, attributes: { ...event.attributes, [key]: 'yes' } })
  }
  return builder.finish()
}

class Trimmer implements Processor {
  constructor (readonly next: Consumer, readonly trim: Trim, readonly dropped: (rows: number) => void) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const kept = this.trim(batch)
    if (kept.count < batch.count) this.dropped(batch.count - kept.count)
    return kept.count === 0 ? accepted : this.next.consume(kept)
  }
}

const factory = (type: string, description: string, trim: Trim): ComponentFactory => defineComponent({
  kind: 'processor', type, description, stability: 'development', signals: ['traces', 'metrics', 'logs', 'events'], concurrency: 'stateless',
  schema: Options({}), metrics: [], drops: { severe: 'Rows of severity ERROR and above.' },
  create: services => new Trimmer(services.get('next'), trim, rows => services.get('drops').add('severe', rows))
})

export const components: readonly ComponentFactory[] = [
  factory('trim_columns', 'Trims by columns.', byColumns), factory('trim_rows', 'Trims by rows.', byRows), factory('trim_objects', 'Trims by objects.', byObjects)
]

export default definePlugin({ name: 'tapio-plugin-trim', version: '1.0.0', tapio: '*', components })
