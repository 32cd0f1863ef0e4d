/** Every exporter of this build. */
import type { ComponentFactory } from '../core/component/factory.js'
import { factory as debug } from './debug/factory.js'
import { factory as file } from './file/factory.js'
import { factory as otlp } from './otlp/factory.js'
import { factory as store } from './store/factory.js'
import { factory as tapio } from './tapio/factory.js'

export const exporters: readonly ComponentFactory[] = [debug, file, otlp, store, tapio]
