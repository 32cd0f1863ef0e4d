/** Incidents with texts that try to break what shows them. */
import type { Incident } from '../../incidents/incident.js'
import { memoryIncident } from '../../incidents/testing/incidents.js'

const [step] = memoryIncident.chain as [Incident['chain'][number], ...Incident['chain']]
const [best] = memoryIncident.hypotheses as [Incident['hypotheses'][number]]

/** Colours, cursor movements, line feeds, reordering, formatting, a very long word. */
export const hostileIncident: Incident = {
  ...memoryIncident,
  id: '0bad0bad0bad0bad',
  title: '\u001b[2J\u001b[31mred\u001b[0m | `tick` <b>bold</b>',
  hypotheses: [{
    ...best,
    title: 'a\u009b31mb\u0007 \u001b]0;window title\u0007\u202eesrever\u202c',
    subject: { kind: 'Pod', namespace: 'shop', name: 'x'.repeat(200) },
    explanation: '# no heading\n\n- no list\n1. no number\n```\nno fence\n```\n[no link](https://example.com) *no* _emphasis_ <script>alert(1)</script> & www.example.com',
    for: [{ text: '1. first', weight: 1 }, { text: '+ second', weight: 1 }], against: [{ text: 'lone \ud800 surrogate', weight: -1 }]
  }],
  chain: [{
    ...step,
    text: 'line one\r\nFAKE: line two\u2028three', detail: `${'long '.repeat(300)}end`,
    evidence: [{ eventId: '', timeMs: 0, source: 'x\u0000y', name: '\t', message: 'zero\u200bwidth \u{1F469}\u200d\u{1F4BB}', count: 2, traceId: '\u001b[5m' }]
  }],
  actions: [
    { urgency: 'immediate', text: 'run *this*', command: 'kubectl get pod \u001b[8mhidden\u001b[0m \u0007\\\n  --namespace=`x```y`\n\n', risk: 'high', expect: '| a cell |' },
    { urgency: 'investigate', text: 'a command that is longer than any terminal', command: `kubectl logs ${'very-long-name-'.repeat(20)}`, risk: 'none' }
  ],
  notes: ['> no quote', '']
}

/** Wide, combining and joined characters: what is wrapped must be measured, not counted. */
export const unicodeIncident: Incident = {
  ...memoryIncident,
  id: '00c0ffee00c0ffee',
  title: '节点内存耗尽影响多个容器组:これはとても長いタイトルなので折り返す必要があります',
  hypotheses: [{ ...best, title: '节点内存耗尽影响多个容器组:これはとても長いタイトルなので折り返す必要があります', explanation: 'e\u0301te\u0301 '.repeat(40) + '🚀'.repeat(50) }],
  chain: [{ ...step, text: '容器 "購物車" 因內存不足被終止'.repeat(4), detail: 'Ünïcödé — “quotes” … ✓' }],
  impact: { ...memoryIncident.impact, affected: [{ entity: { kind: 'Service', namespace: '商店', name: '购物车' }, state: 'failed', why: '没有就绪的端点' }] },
  actions: [],
  notes: []
}
