/** The frame around every view, and which view a path leads to. */
import { useEffect, useRef } from 'preact/hooks'
import { CollectorsPage } from './collectors/page.js'
import { announced } from './data/announce.js'
import { path, takeLinks } from './data/router.js'
import { takeTheme, theme, themes } from './data/theme.js'
import { refused, takeToken } from './data/token.js'
import { EventsPage } from './events/page.js'
import { IncidentPage } from './incident/page.js'
import { open } from './incidents/book.js'
import { LiveIncidents } from './incidents/live.js'
import { IncidentsPage } from './incidents/page.js'
import { Empty } from './parts/notice.js'
import { Select } from './parts/fields.js'
import { PipelinesPage } from './pipelines/page.js'
import { ServiceLine } from './service-line.js'
import { TopologyPage } from './topology/page.js'

const views = [['/incidents', 'Incidents'], ['/events', 'Events'], ['/topology', 'Topology'], ['/pipelines', 'Pipelines'], ['/collectors', 'Collectors']] as const

function View () {
  const [, room = '', id] = path.value.split('/')
  switch (room) {
    case '': return <IncidentsPage />
    case 'incidents': return id === undefined ? <IncidentsPage /> : <IncidentPage key={id} id={decodeURIComponent(id)} />
    case 'events': return <EventsPage />
    case 'topology': return <TopologyPage />
    case 'pipelines': return <PipelinesPage />
    case 'collectors': return <CollectorsPage />
    default: return <Empty title="There is no such page"><p><a href="/incidents">To the incidents</a></p></Empty>
  }
}

function isHere (to: string): boolean { return path.value.startsWith(to) || (to === '/incidents' && path.value === '/') }

export function App () {
  const main = useRef<HTMLElement>(null)
  return (
    <div class="shell" onClick={takeLinks}>
      <a class="skip" href="#main" onClick={event => { event.preventDefault(); main.current?.focus() }}>Skip to the content</a>
      <header class="bar">
        <a class="brand" href="/incidents" aria-label="Tapio, to the incidents"><span class="brand-mark" aria-hidden="true" />Tapio</a>
        <nav aria-label="Views">{views.map(([to, words]) => <a key={to} href={to} aria-current={isHere(to) ? 'page' : undefined}>{words}{to === '/incidents' && open.value.length > 0 && <span class="count" aria-label={`, ${open.value.length} open`}>{open.value.length}</span>}</a>)}</nav>
        <Select label="Theme" value={theme.value} options={themes.map(t => [t, t] as const)} onChange={value => { takeTheme(themes.find(t => t === value) ?? 'system') }} />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {refused.value !== undefined ? <TokenPrompt why={refused.value} /> : <><LiveIncidents /><View /></>}
      </main>
      <ServiceLine />
      <div class="off-screen" role="status" aria-live="polite" id="announcements">{announced.value}</div>
    </div>
  )
}

function TokenPrompt ({ why }: { readonly why: string }) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => { field.current?.focus() }, [])
  return (
    <form class="card token" onSubmit={event => { event.preventDefault(); takeToken(field.current?.value.trim() ?? '') }}>
      <h1>Sign in</h1>
      <p>{why}</p>
      <label>Token<input ref={field} type="password" autocomplete="current-password" required /></label>
      <p class="dim">One of <code>service.api.auth.tokens</code> with scope <code>read</code>. It is kept in this tab alone.</p>
      <button type="submit">Use it</button>
    </form>
  )
}
