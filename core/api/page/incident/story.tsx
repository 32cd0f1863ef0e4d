import { useState } from 'preact/hooks'
import type { GetStoryResponseJson, IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { get } from '../data/client.js'
import { narrow } from '../data/media.js'
import { useResource } from '../data/resource.js'
import { CopyButton } from '../parts/copy-button.js'
import { Answer } from '../parts/notice.js'

/** As the terminal tells it, and as Markdown for the channel or the ticket. */
export function Story ({ incident: { id = '', version } }: { readonly incident: IncidentJson }) {
  const [open, setOpen] = useState(false)
  const read = async (format: string, signal: AbortSignal, width?: number): Promise<string> => (await get<GetStoryResponseJson>(`/v1/incidents/${id}/story`, { format, width, full: true }, signal)).story ?? ''
  const columns = narrow.value ? 60 : 110
  const text = useResource(open ? `${id} ${version ?? 0} ${columns}` : undefined, signal => read('text', signal, columns), true)
  return (
    <section class="card" id="story" aria-labelledby="story-title">
      <header class="section-head">
        <h2 id="story-title">As text</h2>
        <button type="button" class="small" aria-expanded={open} onClick={() => { setOpen(!open) }}>{open ? 'hide' : 'show'}</button>
        <CopyButton what="the story as Markdown" label="copy as Markdown" text={() => read('markdown', new AbortController().signal)} />
      </header>
      {open && <Answer of={text} what="the story">{story => <pre class="story" tabIndex={0}>{story}</pre>}</Answer>}
    </section>
  )
}
