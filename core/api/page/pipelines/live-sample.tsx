/** Events that pass right now: a few a second, the newest first. */
import { useState } from 'preact/hooks'
import type { TappedEventJson, TapResponseJson } from '../../gen/tapio/v1/runtime_pb.js'
import { useStream } from '../data/use-stream.js'
import { entityText } from '../format/entity.js'
import { count, num } from '../format/number.js'
import { Connection } from '../parts/connection.js'
import { SearchField } from '../parts/fields.js'
import { Json, type JsonLike } from '../parts/json.js'
import { Time } from '../parts/time.js'

const most = 50

export function LiveSample ({ edge }: { readonly edge: string }) {
  const [running, setRunning] = useState(true)
  const [text, setText] = useState('')
  const [shown, setShown] = useState<readonly { readonly n: number, readonly tapped: TappedEventJson }[]>([])
  const [sums, setSums] = useState({ passed: 0, notShown: 0 })
  const state = useStream<TapResponseJson>(running ? '/v1/pipelines:tap' : undefined, { edge, filter: { text }, maxEventsPerSecond: 5 }, ({ events = [], passed, notShown }) => {
    setSums(s => ({ passed: s.passed + num(passed), notShown: s.notShown + num(notShown) }))
    if (events.length > 0) setShown(old => [...events.map((tapped, i) => ({ n: (old[0]?.n ?? 0) + events.length - i, tapped })), ...old].slice(0, most))
  })
  return (
    <section aria-label="Live sample">
      <header class="section-head"><h3>Live sample</h3><button type="button" class="small" aria-pressed={running} onClick={() => { setRunning(!running) }}>{running ? 'stop' : 'go on'}</button>{running && <Connection state={state} />}</header>
      <SearchField label="Only with this text" placeholder="Only with this text" value={text} onChange={words => { setShown([]); setText(words) }} />
      <p class="dim">{count(sums.passed, 'event')} passed, {count(sums.notShown, 'fitting one')} not shown.</p>
      <ul class="sample">{shown.map(({ n, tapped: { event = {} } }) => (
        <li key={n}><details><summary><Time at={event.time ?? event.observedTime} /> <b>{event.name}</b> <span class="dim">{entityText(event.entity)}</span><span class="sample-message">{event.message}</span></summary><Json value={event as unknown as JsonLike} /></details></li>
      ))}</ul>
    </section>
  )
}
