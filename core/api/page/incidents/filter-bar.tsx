import { go, withParams } from '../data/router.js'
import { SearchField, Select } from '../parts/fields.js'
import type { Filter } from './filter.js'

const severities = [['', 'Any severity'], ['critical', 'Critical'], ['high', 'High or worse'], ['medium', 'Medium or worse']] as const
const statuses = [['', 'Open and resolved'], ['open', 'Open'], ['resolved', 'Resolved']] as const
const times = [['', 'Any time'], ['1', 'Last hour'], ['6', 'Last 6 hours'], ['24', 'Last day'], ['168', 'Last week']] as const

export const filterId = 'filter'

export function FilterBar ({ filter, entity }: { readonly filter: Filter, readonly entity: string }) {
  const change = (name: string) => (value: string): void => { go(withParams({ [name]: value }), { replace: true }) }
  return (
    <form class="filters" role="search" aria-label="Filter incidents" onSubmit={event => { event.preventDefault() }}>
      <label class="grow"><span class="off-screen">Text in title, effect or id</span>
        <input id={filterId} type="search" placeholder="Filter by text  ( / )" value={filter.text} onInput={event => { change('q')(event.currentTarget.value) }} autocomplete="off" spellcheck={false} />
      </label>
      <SearchField class="grow" label="Entity: kind, namespace/name" placeholder="Entity: Pod shop/cart-0" value={entity} onChange={change('entity')} />
      <Select label="Status" value={filter.status} options={statuses} onChange={change('status')} />
      <Select label="Severity" value={filter.severity} options={severities} onChange={change('severity')} />
      <Select label="Time" value={filter.within} options={times} onChange={change('within')} />
    </form>
  )
}
