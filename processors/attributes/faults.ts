import type { ConfigFault } from '../../core/component/factory.js'
import type { Action } from './config.js'

const operands = ['value', 'from_attribute', 'new_key', 'converted_type'] as const
type Operand = (typeof operands)[number]

const needed: Readonly<Record<Action['action'], readonly Operand[]>> = {
  insert: ['value', 'from_attribute'],
  update: ['value', 'from_attribute'],
  upsert: ['value', 'from_attribute'],
  delete: [],
  hash: [],
  rename: ['new_key'],
  convert: ['converted_type']
}

/** An action has exactly one of the operands it can use, and no other. */
export function actionFaults (actions: readonly Action[]): ConfigFault[] {
  return actions.flatMap((action, i) => {
    const can = needed[action.action]
    const faults: ConfigFault[] = operands.filter(o => action[o] !== undefined && !can.includes(o))
      .map(o => ({ path: ['actions', i, o], message: `\`${o}\` does not apply to action \`${action.action}\`` }))
    const given = can.filter(o => action[o] !== undefined)
    if (can.length > 0 && given.length !== 1) faults.push({ path: ['actions', i], message: `action \`${action.action}\` needs ${can.map(o => `\`${o}\``).join(' or ')}${given.length > 1 ? ', not both' : ''}` })
    return faults
  })
}
