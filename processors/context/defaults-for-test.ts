/** The options with their defaults, as the runtime hands them over. */
import { Value } from '@sinclair/typebox/value'
import { schema, type ContextConfig } from './config.js'

export function defaultsOf (config: Record<string, unknown> = {}): ContextConfig { return Value.Default(schema, structuredClone(config)) as ContextConfig }
