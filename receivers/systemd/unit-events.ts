/** Changes of units as events, worded as the journal words them. */
import type { EventInput } from '../../core/data/builder.js'
import type { AttributeValue } from '../../core/data/attributes.js'
import { Severity } from '../../core/data/enums.js'
import { eventId, factId } from './event-id.js'
import type { UnitChange, UnitState } from './unit-states.js'

const names = { started: 'unit_started', stopped: 'unit_stopped', failed: 'unit_failed', restart_scheduled: 'unit_restart_scheduled' } as const
const severities = { started: Severity.info, stopped: Severity.info, failed: Severity.error, restart_scheduled: Severity.warning } as const
const killed = 2
const dumped = 3

/** `time`: which time the fact happens in this run of the unit. */
export function unitEvent ({ unit, fact, before, state }: UnitChange, time: number, observedNano: bigint): EventInput {
  const { active, sub, result, invocation, changedMicros, restarts, mainPid } = state
  const oom = fact === 'failed' && result === 'oom-kill'
  const attributes: Record<string, AttributeValue> = {
    'systemd.active_state': active, 'systemd.sub_state': sub, 'systemd.restarts': restarts,
    ...(before !== '' && { 'systemd.active_state.before': before }),
    ...(invocation !== '' && { 'systemd.invocation_id': invocation }),
    ...(fact === 'failed' && { 'systemd.result': result })
  }
  return {
    signal: 'events', type: 'service', source: 'systemd', name: names[fact], severity: oom ? Severity.critical : severities[fact],
    id: factId(unit, invocation, fact, time) ?? eventId('unit', unit, invocation, fact, changedMicros, restarts),
    timeUnixNano: changedMicros === 0n ? observedNano : changedMicros * 1000n,
    message: sentence(unit, fact, state), entityKind: 'unit', entityName: unit,
    ...(mainPid !== 0 && { pid: mainPid }),
    ...(fact === 'failed' && ending(state)),
    resource: { 'systemd.unit': unit }, attributes
  }
}

function ending ({ exitCode, exitStatus }: UnitState): EventInput {
  if (exitCode === 0) return {}
  return exitCode === killed || exitCode === dumped ? { exitSignal: exitStatus } : { returnCode: exitStatus }
}

function sentence (unit: string, fact: UnitChange['fact'], state: UnitState): string {
  switch (fact) {
    case 'started': return `${unit} started`
    case 'stopped': return `${unit} stopped`
    case 'restart_scheduled': return `${unit} is restarted, for the ${state.restarts}. time`
    case 'failed': return `${unit} failed with result '${state.result}'${endingText(state)}`
  }
}

function endingText ({ exitCode, exitStatus }: UnitState): string {
  if (exitCode === 0) return ''
  const what = exitCode === killed || exitCode === dumped ? `ended by signal ${exitStatus}${exitCode === dumped ? ' with a core dump' : ''}` : `exited with code ${exitStatus}`
  return `, its main process ${what}`
}
