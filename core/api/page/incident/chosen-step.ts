/** The chosen step of the chain, from 0: the URL says it, counted from 1 as people do. */
import type { IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { go, params, withParams } from '../data/router.js'

export function chosenStep (incident: IncidentJson): number | undefined {
  const n = Number(params.value.get('step') ?? NaN) - 1
  return incident.chain?.[n] === undefined ? undefined : n
}

export function chooseStep (step: number | undefined): void { go(withParams({ step: step === undefined ? undefined : String(step + 1) })) }
