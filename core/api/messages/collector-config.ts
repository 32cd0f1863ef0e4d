/** How a collector works, as a message. */
import { createHash } from 'node:crypto'
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf'
import type { CollectorConfig, CollectorConfigSchema } from '../gen/tapio/v1/collector_pb.js'
import { badField } from './faults.js'
import { durationOf, requestedDurationMs } from './time.js'

export interface CollectorSettings {
  readonly maxBatchSize: number
  /** 0 = no limit. */
  readonly maxEventsPerSecond: number
  readonly heartbeatMs: number
  readonly settings: JsonObject
}

export const defaultSettings: CollectorSettings = { maxBatchSize: 1000, maxEventsPerSecond: 0, heartbeatMs: 10_000, settings: {} }

/** Equal settings have equal etags, so a restart of Tapio makes nobody change for nothing. */
export function etagOf (settings: CollectorSettings): string { return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16) }

export type ConfigInit = MessageInitShape<typeof CollectorConfigSchema>

const maxSettingsChars = 16_384
const heartbeatsMs = { min: 1000, max: 3_600_000 } as const

export function configMessage (etag: string, { maxBatchSize, maxEventsPerSecond, heartbeatMs, settings }: CollectorSettings): ConfigInit {
  return { etag, maxBatchSize, maxEventsPerSecond, heartbeatInterval: durationOf(heartbeatMs), settings }
}

/** What is left out is as it is for a new collector. Throws ApiError that names the field. */
export function settingsOf ({ maxBatchSize, maxEventsPerSecond, heartbeatInterval, settings }: CollectorConfig): CollectorSettings {
  const heartbeatMs = requestedDurationMs(heartbeatInterval, 'config.heartbeat_interval') ?? defaultSettings.heartbeatMs
  if (heartbeatMs < heartbeatsMs.min || heartbeatMs > heartbeatsMs.max) throw badField('config.heartbeat_interval', `is ${heartbeatMs / 1000} s; 1 s to 3600 s is expected`)
  const size = JSON.stringify(settings ?? {}).length
  if (size > maxSettingsChars) throw badField('config.settings', `has ${size} characters as JSON, at most ${maxSettingsChars} are taken`)
  return { maxBatchSize: maxBatchSize === 0 ? defaultSettings.maxBatchSize : maxBatchSize, maxEventsPerSecond, heartbeatMs, settings: settings ?? {} }
}
