/** All functions that expressions of patterns can call, beside CEL's own. */
import { containerFunctions } from './containers.js'
import type { PatternFunctions } from './define.js'
import { latencyFunctions } from './latency.js'
import { objectFunctions } from './objects.js'
import { schedulingFunctions } from './scheduling.js'
import { serviceFunctions } from './services.js'
import { storageFunctions } from './storage.js'
import { textFunctions } from './text.js'
import { workloadFunctions } from './workloads.js'

export const functionGroups: Readonly<Record<string, PatternFunctions>> = {
  'objects and topology': objectFunctions, workloads: workloadFunctions, containers: containerFunctions, scheduling: schedulingFunctions, services: serviceFunctions, storage: storageFunctions, latency: latencyFunctions,
  'text, lists, numbers': textFunctions
}

export const functions: PatternFunctions = Object.assign({}, ...Object.values(functionGroups)) as PatternFunctions
