/**
 * Actions on the attributes of rows, as whole columns. Each asks the batch for its key, which also finds what only the raw
 * bytes hold, and answers the same batch when nothing changes, so that untouched records still go out verbatim.
 */
import { constantColumn, type AttributeColumn, type AttributeValue } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { Action } from './config.js'
import { convertValue, hashValue } from './values.js'

export type BatchEdit = (batch: EventBatch) => EventBatch

export function recordEdit (action: Action): BatchEdit {
  const { key, from_attribute: from, new_key: newKey, converted_type: type } = action
  switch (action.action) {
    case 'insert': case 'update': case 'upsert': {
      const mode = action.action
      return batch => {
        const source = from === undefined ? undefined : batch.attribute(from)
        if (from !== undefined && source === undefined) return batch
        return put(batch, key, mode, source ?? constantColumn(action.value as AttributeValue, batch.count))
      }
    }
    case 'delete': return batch => remove(batch, key)
    case 'hash': return batch => mapValues(batch, key, hashValue)
    case 'convert': return batch => mapValues(batch, key, value => convertValue(value, type ?? 'string'))
    case 'rename': return batch => rename(batch, key, newKey ?? key)
  }
}

/** Rows take the value of `source`: where they have none (insert), where they have one (update), or always (upsert). */
function put (batch: EventBatch, key: string, mode: 'insert' | 'update' | 'upsert', source: AttributeColumn): EventBatch {
  const old = batch.attribute(key)
  if (old === undefined) return mode === 'update' ? batch : batch.withAttribute(key, { ...source, edited: true })
  const index = Uint32Array.from(old.index)
  let changed = false
  for (let row = 0; row < index.length; row++) {
    const from = source.index[row] as number
    if (from === 0 || (mode !== 'upsert' && (old.index[row] === 0) !== (mode === 'insert'))) continue
    index[row] = from + old.values.length
    changed = true
  }
  return changed ? batch.withAttribute(key, compact({ index, values: [...old.values, ...source.values], edited: true })) : batch
}

function remove (batch: EventBatch, key: string): EventBatch {
  if (batch.attribute(key) === undefined) return batch
  return batch.withAttribute(key, { index: new Uint32Array(batch.count), values: [], edited: true })
}

function mapValues (batch: EventBatch, key: string, map: (value: AttributeValue) => AttributeValue): EventBatch {
  const old = batch.attribute(key)
  if (old === undefined) return batch
  const values = old.values.map(map)
  return values.every((v, i) => Object.is(v, old.values[i])) ? batch : batch.withAttribute(key, { index: old.index, values, edited: true })
}

function rename (batch: EventBatch, key: string, newKey: string): EventBatch {
  const source = batch.attribute(key)
  if (source === undefined || key === newKey) return batch
  return remove(put(batch, newKey, 'upsert', source), key)
}

/** Leaves out values that no row has any more: what was overwritten must not travel on in the batch. */
function compact (column: AttributeColumn): AttributeColumn {
  const moved = new Uint32Array(column.values.length + 1)
  const values: AttributeValue[] = []
  const index = column.index.map(at => {
    if (at === 0) return 0
    if (moved[at] === 0) moved[at] = values.push(column.values[at - 1] as AttributeValue)
    return moved[at] as number
  })
  return { index, values, edited: column.edited }
}
