/** Every scenario, by where its cause is. */
import { layers } from '../../../core/correlation/symptom.js'
import type { Scenario } from '../scenario.js'
import * as containers from './containers.js'
import * as network from './network.js'
import * as nodes from './nodes.js'
import * as rollouts from './rollouts.js'
import * as services from './services.js'

export const scenarios: readonly Scenario[] = [containers, network, nodes, rollouts, services].flatMap(file => Object.values(file) as Scenario[])
  .sort((a, b) => layers.indexOf(a.layer) - layers.indexOf(b.layer) || (a.name < b.name ? -1 : 1))
