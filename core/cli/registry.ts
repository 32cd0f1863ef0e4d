/** The components this build ships. The only file of core that names the other rooms; threads import it by URL. */
import { exporters } from '../../exporters/index.js'
import { processors } from '../../processors/index.js'
import { receivers } from '../../receivers/index.js'
import type { ComponentFactory } from '../component/factory.js'

export const components: readonly ComponentFactory[] = [...receivers, ...processors, ...exporters]

/** What `Runtime` and `PipelineBuilder` take as a catalog module. */
export const registryUrl = import.meta.url
