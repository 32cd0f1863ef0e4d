/** Every receiver of this build. A plain list: registration has no side effects. */
import type { ComponentFactory } from '../core/component/factory.js'
import { factory as api } from './api/factory.js'
import { factory as cni } from './cni/factory.js'
import { factory as ebpf } from './ebpf/factory.js'
import { factory as file } from './file/factory.js'
import { factory as kubernetes } from './kubernetes/factory.js'
import { factory as otlp } from './otlp/factory.js'
import { factory as snapshot } from './snapshot/factory.js'
import { factory as systemd } from './systemd/factory.js'
import { factory as tapio } from './tapio/factory.js'

export const receivers: readonly ComponentFactory[] = [api, cni, ebpf, file, kubernetes, otlp, snapshot, systemd, tapio]
