import { Type, type Static } from '@sinclair/typebox'
import type { ConfigFault } from '../../core/component/factory.js'
import { ByteSize, Duration, Enum, Options } from '../../core/config/schema.js'

export const schema = Options({
  paths: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: 'Files, and directories whose event files are read in the order of their names.' }),
  format: Enum(['auto', 'msgpack', 'json'], { default: 'auto', description: '`auto` looks at how a file begins; gzip is recognised in any case.' }),
  timing: Enum(['asap', 'original', 'scaled'], { default: 'asap', description: 'As fast as they are taken, in the rhythm of the recorded times, or that `speed` times as fast.' }),
  speed: Type.Number({ exclusiveMinimum: 0, maximum: 1e6, default: 10, description: 'For `timing: scaled`: 10 = ten times as fast.' }),
  max_gap: Duration({ default: '0', description: 'Longest pause between two events of a timed replay; 0 = as recorded.' }),
  rewrite_times: Enum(['keep', 'now'], { default: 'keep', description: '`now` moves all times of a pass by the same amount, so that its first event happens now.' }),
  loop: Type.Boolean({ default: false, description: 'Begin again at the end. Ids stay the same, so a store may see repeated events as duplicates.' }),
  on_end: Enum(['keep', 'stop'], { default: 'keep', description: 'At the end, stay idle, or ask for an orderly end of the process.' }),
  follow: Type.Boolean({ default: false, description: 'Read on as files grow, are rotated, and come into a directory; it never ends by itself.' }),
  state_file: Type.Optional(Type.String({ minLength: 1, description: 'For `follow`: a file that remembers how far each file was delivered, so that a restart goes on there. Its directory is made when missing. One receiver a file. Left out: a restart begins at the start.' })),
  poll_interval: Duration({ default: '250ms', minimum: '10ms', maximum: '1h', description: 'For `follow`: how often files are looked at.' }),
  batch_rows: Type.Integer({ minimum: 1, maximum: 65535, default: 256, description: 'json: events in a batch.' }),
  max_frame_bytes: ByteSize({ default: '64MiB', minimum: '1KiB', maximum: '1GiB', description: 'Largest batch, or line, that is read; larger ones are skipped as damaged.' })
})
export type FileReceiverConfig = Static<typeof schema>

/** What the schema cannot say. */
export function checkConfig (config: FileReceiverConfig): ConfigFault[] {
  const { follow, state_file: stateFile, loop, timing, rewrite_times: rewrite, on_end: onEnd } = config
  if (!follow) return stateFile === undefined ? [] : [{ path: ['state_file'], message: 'is for files that are followed: set `follow: true`, or leave it out' }]
  const wrong: [string, boolean, string][] = [
    ['loop', loop, 'what is followed has no end to begin again at'], ['timing', timing !== 'asap', 'what is followed comes in its own rhythm: leave it at `asap`'],
    ['rewrite_times', rewrite !== 'keep', 'what is followed happens now: leave it at `keep`'], ['on_end', onEnd !== 'keep', 'what is followed has no end: leave it at `keep`']
  ]
  return wrong.filter(([, isWrong]) => isWrong).map(([key, , why]) => ({ path: [key], message: `cannot be used with \`follow\`: ${why}` }))
}
