import type { Static } from '@sinclair/typebox'
import { Options } from '../../core/config/schema.js'
import { conditionsSchema } from '../../core/match/schema.js'

export const schema = Options({
  include: conditionsSchema('Keep only rows that fit any of these; empty keeps all.'),
  exclude: conditionsSchema('Then drop rows that fit any of these.')
})
export type FilterConfig = Static<typeof schema>
