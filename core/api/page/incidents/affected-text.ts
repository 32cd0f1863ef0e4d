import type { ImpactCountsJson } from '../../gen/tapio/v1/incident_pb.js'
import { count } from '../format/number.js'

/** `3 services, 1 node`; '' when nobody is counted. `most`: kinds that are told, what users feel first. */
export function affectedText ({ services = 0, workloads = 0, pods = 0, nodes = 0 }: ImpactCountsJson = {}, most = 4): string {
  return ([[services, 'service'], [workloads, 'workload'], [pods, 'pod'], [nodes, 'node']] as const).filter(([n]) => n > 0).slice(0, most).map(([n, word]) => count(n, word)).join(', ')
}
