/**
 * What stands in the place of receivers and exporters while a configuration is tested: sources that give what a test gives, sinks that keep
 * what comes. No socket, no file, no other process is touched by them. A catalog of its own, beside that of the build.
 */
import type { Consumer, Exporter, Receiver } from '../component/component.js'
import { defineComponent, type ComponentFactory } from '../component/factory.js'
import { accepted } from '../component/outcome.js'
import { token } from '../component/services.js'
import { Options } from '../config/schema.js'
import type { EventBatch } from '../data/batch.js'
import { keep } from '../data/keep.js'

/** Where the stand-ins of one run meet its test. By id: `test_source/otlp`. */
export interface Stage {
  readonly sources: Map<string, Consumer>
  readonly sinks: Map<string, EventBatch[]>
}

export const stageToken = token<Stage>('pipeline-test.stage')

export const sourceType = 'test_source'
export const sinkType = 'test_sink'

const signals = ['traces', 'metrics', 'logs', 'profiles', 'events'] as const
const common = { stability: 'stable', signals, schema: Options({}), concurrency: 'single', metrics: [], drops: {} } as const

const source = defineComponent({
  ...common, kind: 'receiver', type: sourceType, description: 'Gives what a test gives.',
  create (services): Receiver {
    services.get(stageToken).sources.set(services.get('id').text, services.get('next'))
    return { start: () => undefined }
  }
})

const sink = defineComponent({
  ...common, kind: 'exporter', type: sinkType, description: 'Keeps what comes, for a test.',
  create (services): Exporter {
    const kept: EventBatch[] = []
    services.get(stageToken).sinks.set(services.get('id').text, kept)
    return {
      consume (batch) {
        kept.push(keep(batch, bytes => Uint8Array.from(bytes)))
        return accepted
      }
    }
  }
})

export const components: readonly ComponentFactory[] = [source, sink]
