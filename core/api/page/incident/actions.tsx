import type { ActionJson, IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { spoken } from '../format/words.js'
import { CopyButton } from '../parts/copy-button.js'

const riskWords: Readonly<Record<string, string>> = { none: 'only reads', low: 'low risk', medium: 'medium risk', high: 'high risk' }

export function Actions ({ incident: { actions = [] } }: { readonly incident: IncidentJson }) {
  return (
    <section class="actions card" aria-labelledby="actions-title">
      <h2 id="actions-title">What to do</h2>
      {actions.length === 0 && <p class="dim">Tapio knows no action for this.</p>}
      <ol>{actions.map((action, i) => <Action key={i} action={action} />)}</ol>
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
