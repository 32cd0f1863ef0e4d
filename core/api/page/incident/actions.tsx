import type { ActionJson, IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { count } from '../format/number.js'
import { spoken } from '../format/words.js'
import { CopyButton } from '../parts/copy-button.js'

const riskWords: Readonly<Record<string, string>> = { none: 'only reads', low: 'low risk', medium: 'medium risk', high: 'high risk' }

/** What changes something, and the first look; other looks are there when they are asked for. */
export function Actions ({ incident: { actions = [] } }: { readonly incident: IncidentJson }) {
  const urgent = actions.filter(a => a.urgency !== 'investigate')
  const looks = actions.filter(a => a.urgency === 'investigate')
  const first = urgent.length > 0 ? urgent : looks.slice(0, 2)
  const rest = urgent.length > 0 ? looks : looks.slice(2)
  return (
    <section class="actions card" aria-labelledby="actions-title">
      <h2 id="actions-title">What to do</h2>
      {actions.length === 0 && <p class="dim">Tapio knows no action for this.</p>}
      <ol>{first.map((action, i) => <Action key={i} action={action} />)}</ol>
      {rest.length > 0 && <details><summary>{count(rest.length, 'way')} to look closer</summary><ol>{rest.map((action, i) => <Action key={i} action={action} />)}</ol></details>}
    </section>
  )
}

function Action ({ action: { urgency, text, command, risk = 'none', expect } }: { readonly action: ActionJson }) {
  return (
    <li class={`action ${urgency ?? ''}`}>
      <p class="action-text"><span class={`badge urgency ${urgency ?? ''}`}>{spoken(urgency)}</span> {text} <span class={`badge risk ${risk}`}>{riskWords[risk] ?? risk}</span></p>
      {command !== undefined && command !== '' && <div class="command"><pre tabIndex={0}><code>{command}</code></pre><CopyButton text={command} what="the command" /></div>}
      {expect !== undefined && expect !== '' && <p class="dim expect">Expect: {expect}</p>}
    </li>
  )
}
