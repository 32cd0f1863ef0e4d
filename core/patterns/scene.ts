/** What patterns are asked about: all that is known at one time. */
import type { Dependencies } from '../correlation/dependencies.js'
import type { Symptoms } from '../correlation/symptoms.js'
import type { ClusterModel } from '../topology/cluster-model.js'

export interface Scene {
  readonly model: ClusterModel
  readonly symptoms: Symptoms
  readonly dependencies?: Dependencies
  /** Event time. */
  readonly nowMs: number
}
