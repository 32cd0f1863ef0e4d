import { go, params, url, withParams } from '../data/router.js'
import { entityText } from '../format/entity.js'
import { msOf, moment } from '../format/time.js'
import { SearchField, Select } from '../parts/fields.js'
import { entityParams, filterParams } from './filter.js'

export const eventFilterId = 'event-filter'

const severities = [['', 'Any severity'], ['critical', 'Critical'], ['error', 'Error or worse'], ['warning', 'Warning or worse'], ['info', 'Info or worse']] as const
const sources = [['', 'All sources'], ...['ebpf', 'kubernetes', 'systemd', 'cni', 'otlp', 'tapio'].map(s => [s, s] as const)] as const
const times = [['', 'Any time'], ['0.25', 'Last 15 minutes'], ['1', 'Last hour'], ['6', 'Last 6 hours'], ['24', 'Last day']] as const

const words: Readonly<Record<string, string>> = { symptom: 'symptom', sign: 'sign', trace: 'trace', ns: 'namespace', since: 'from', until: 'to' }

export function EventFilterBar () {
  const of = (name: string): string => params.value.get(name) ?? ''
  const change = (changes: Readonly<Record<string, string | undefined>>): void => { go(withParams(changes), { replace: true }) }
  const entity = of('name') === '' ? '' : entityText({ kind: of('kind'), namespace: of('namespace'), name: of('name') })
  const pinned = ['sign', 'symptom', 'trace', 'ns', 'since', 'until'].filter(name => of(name) !== '')
  const shown = (name: string): string => name === 'since' || name === 'until' ? moment(msOf(of(name)) ?? 0, Date.now()) : of(name)
  const any = filterParams.some(name => of(name) !== '')
  return (
    <>
      <form class="filters" role="search" aria-label="Filter events" onSubmit={event => { event.preventDefault() }}>
        <SearchField class="grow" id={eventFilterId} label="Text in name or message" placeholder="Text in name or message  ( / )" value={of('q')} onChange={q => { change({ q }) }} />
        <SearchField class="grow" label="Entity: kind, namespace/name" placeholder="Entity: Pod shop/cart-0" value={entity} onChange={text => { change(entityParams(text)) }} />
        <Select label="Severity" value={of('severity')} options={severities} onChange={severity => { change({ severity }) }} />
        <Select label="Source" value={of('source')} options={sources} onChange={source => { change({ source }) }} />
        <Select label="Time" value="" options={times} onChange={hours => { change({ since: hours === '' ? undefined : new Date(Date.now() - Number(hours) * 3_600_000).toISOString(), until: undefined }) }} />
        {any && <a class="button" href={url.value.pathname}>clear</a>}
      </form>
      {pinned.length > 0 && <p class="pins">{pinned.map(name => <span key={name} class="badge plain">{words[name]} {shown(name)} <button type="button" class="unpin" aria-label={`Without ${words[name] ?? name}`} onClick={() => { change({ [name]: undefined }) }}>✕</button></span>)}</p>}
    </>
  )
}
