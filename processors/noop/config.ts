import type { Static } from '@sinclair/typebox'
import { Options } from '../../core/config/schema.js'

export const schema = Options({})
export type NoopConfig = Static<typeof schema>
