/** `import { pipeline } from 'tapio'`: Tapio inside another program. */
import { pipelineOf, type PipelineBuilder } from './builder.js'

export { ConfigError, PipelineBuilder } from './builder.js'
export { Instance } from './instance.js'
export type { EndRequest, StopReport } from './graph/runtime.js'

const builtIn = new URL('./cli/registry.js', import.meta.url).href

/** A builder over the built-in components and those of `modules` (each exports a list `components`). */
export function pipeline (modules: readonly string[] = []): PipelineBuilder {
  return pipelineOf([builtIn, ...modules])
}
