/** Every processor and connector of this build. */
import type { ComponentFactory } from '../core/component/factory.js'
import { factory as attributes } from './attributes/factory.js'
import { factory as batch } from './batch/factory.js'
import { factory as context } from './context/factory.js'
import { factory as filter } from './filter/factory.js'
import { factory as forward } from './forward/factory.js'
import { factory as impact } from './impact/factory.js'
import { factory as incident } from './incident/factory.js'
import { factory as k8sAttributes } from './k8s-attributes/factory.js'
import { factory as k8sCorrelation } from './k8s-correlation/factory.js'
import { factory as memoryLimiter } from './memory-limiter/factory.js'
import { factory as noop } from './noop/factory.js'
import { factory as routing } from './routing/factory.js'
import { factory as temporalCorrelation } from './temporal-correlation/factory.js'
import { factory as validation } from './validation/factory.js'

export const processors: readonly ComponentFactory[] = [
  attributes,
  batch,
  context,
  filter,
  forward,
  impact,
  incident,
  k8sAttributes,
  k8sCorrelation,
  memoryLimiter,
  noop,
  routing,
  temporalCorrelation,
  validation
]
