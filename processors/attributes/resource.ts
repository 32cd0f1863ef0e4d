/** Actions on resources: once per resource of a batch, however many rows share it. */
import type { Attributes, AttributeValue } from '../../core/data/attributes.js'
import { Resource } from '../../core/data/resource.js'
import type { Action } from './config.js'
import type { BatchEdit } from './record.js'
import { convertValue, hashValue } from './values.js'

type AttributesEdit = (attributes: Map<string, AttributeValue>) => void

export function resourceEdit (action: Action): BatchEdit {
  const edit = attributesEdit(action)
  return batch => batch.withResources(batch.resources.map(resource => editResource(resource, edit)))
}

function editResource (resource: Resource, edit: AttributesEdit): Resource {
  const before = resource.attributes
  const after = new Map(Object.entries(before))
  edit(after)
  return same(before, after) ? resource : new Resource(resource.envelope, Object.fromEntries(after), true)
}

function same (before: Attributes, after: ReadonlyMap<string, AttributeValue>): boolean {
  const keys = Object.keys(before)
  return keys.length === after.size && keys.every(k => after.has(k) && Object.is(after.get(k), before[k]))
}

function attributesEdit (action: Action): AttributesEdit {
  const { key, from_attribute: from, new_key: newKey, converted_type: type } = action
  switch (action.action) {
    case 'insert': case 'update': case 'upsert': return attributes => {
      const value = from === undefined ? action.value : attributes.get(from)
      if (value === undefined || (action.action !== 'upsert' && attributes.has(key) !== (action.action === 'update'))) return
      attributes.set(key, value)
    }
    case 'delete': return attributes => { attributes.delete(key) }
    case 'hash': return attributes => { mapValue(attributes, key, hashValue) }
    case 'convert': return attributes => { mapValue(attributes, key, value => convertValue(value, type ?? 'string')) }
    case 'rename': return attributes => {
      const value = attributes.get(key)
      if (value === undefined || newKey === undefined) return
      attributes.delete(key)
      attributes.set(newKey, value)
    }
  }
}

function mapValue (attributes: Map<string, AttributeValue>, key: string, map: (value: AttributeValue) => AttributeValue): void {
  const value = attributes.get(key)
  if (value !== undefined) attributes.set(key, map(value))
}
