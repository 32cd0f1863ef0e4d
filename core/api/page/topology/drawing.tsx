import { spoken, stateWords, type AffectedState } from '../format/words.js'
import { entityText, shortened } from '../format/entity.js'
import { Graph } from '../parts/graph.js'
import type { Part } from './neighbourhood.js'

/** A part of the topology, coloured by how those in it are. */
export function TopologyDrawing ({ part, label, chosen, states, onBox, more }: {
  readonly part: Part
  readonly label: string
  readonly chosen?: string | undefined
  readonly states?: ReadonlyMap<string, AffectedState>
  readonly onBox: (key: string) => void
  /** What else is said in a box. */
  readonly more?: (key: string) => string
}) {
  const boxes = [...part.nodes].map(([key, { entity, exists }]) => {
    const state = states?.get(key)
    const said = more?.(key) ?? ''
    return {
      id: key, width: 200, height: 46, name: `${entityText(entity)}${state === undefined ? '' : `, ${stateWords[state]}`}${exists ? '' : ', does not exist'}${said === '' ? '' : `, ${said}`}`,
      look: `object ${state ?? ''} ${exists ? '' : 'missing'}`,
      content: <><span class="object-head"><span class="kind">{entity.kind}{(entity.namespace ?? '') !== '' && ` · ${entity.namespace ?? ''}`}</span><span class="object-state">{state === undefined ? said : stateWords[state]}</span></span><span class="object-name">{shortened(entity.name ?? '', 24)}</span></>
    }
  })
  const arrows = part.relations.map(({ from, to, kinds }) => {
    const words = kinds.map(spoken).join(', ')
    return { id: `${from}>${to}`, from, to, words, name: words, label: { width: Math.min(110, 8 + words.length * 6.4), height: 14 } }
  })
  return <Graph label={label} boxes={boxes} arrows={arrows} direction="LR" chosen={chosen} smallest={0.55} onBox={onBox} />
}
