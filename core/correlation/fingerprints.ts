/**
 * `sign|entity|detail` as one text, by which events are counted to symptoms. The text of an entity, sign and detail that came before is
 * found without being made again: a flood costs two looks into maps and a comparison of its few details. Bounded.
 */
import { entityKey, type EntityRef } from './entity.js'
import type { Detail } from './symptom.js'

interface Print { readonly keys: readonly string[], readonly detail: Detail, readonly text: string }

const maxEntities = 20_000
/** Details of one sign about one entity; what differs more often (peers of a scan) is made each time. */
const maxDetails = 8

export class Fingerprints {
  /** By the reference itself: whoever finds out whose rows are keeps it. */
  readonly #known = new Map<EntityRef, Map<string, Print[]>>()

  of (entity: EntityRef, sign: string, detail: Detail): string {
    const ofEntity = this.#known.get(entity)
    const prints = ofEntity?.get(sign)
    if (prints !== undefined) {
      for (let i = 0; i < prints.length; i++) {
        const print = prints[i] as Print
        if (isSame(print, detail)) return print.text
      }
    }
    const text = `${sign}|${entityKey(entity)}|${JSON.stringify(detail)}`
    this.#keep(entity, sign, ofEntity, { keys: Object.keys(detail), detail, text })
    return text
  }

  #keep (entity: EntityRef, sign: string, ofEntity: Map<string, Print[]> | undefined, print: Print): void {
    if (ofEntity === undefined) {
      if (this.#known.size >= maxEntities) this.#known.clear()
      this.#known.set(entity, new Map([[sign, [print]]]))
      return
    }
    const prints = ofEntity.get(sign)
    if (prints === undefined) ofEntity.set(sign, [print])
    else if (prints.length < maxDetails) prints.push(print)
  }
}

/** The same keys in the same order with the same values: then the texts are the same. */
function isSame ({ keys, detail: known }: Print, detail: Detail): boolean {
  let i = 0
  for (const key in detail) if (keys[i++] !== key || known[key] !== detail[key]) return false
  return i === keys.length
}
