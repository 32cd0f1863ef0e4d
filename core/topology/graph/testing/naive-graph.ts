/**
 * The same graph as a list of everything that was ever said, gone through at every question. For tests: slow and plain.
 *
 * A fact (a reference, a set of labels, a selector, being there) is a run over consecutive states of one life of an object:
 * [fromMs, endMs) is when it held, [seq, endSeq) when it was the last word. Two facts make an edge when both were the last
 * word at once; it holds where their times overlap.
 */
import type { KubeObject } from '../../../kubernetes/objects.js'
import { declarationOf, nameOf, type Reference } from '../declaration.js'
import { kindOfCode } from '../edge-kinds.js'
import type { Selector } from '../selector.js'
import type { NodeRef } from '../view.js'

interface Run { readonly about: Required<NodeRef>, readonly uid: string, readonly text: string, readonly fromMs: number, readonly seq: number, endMs: number, endSeq: number, readonly fact: Fact }
type Fact =
  | { readonly is: 'life' }
  | { readonly is: 'reference', readonly to: Required<NodeRef>, readonly edge: string }
  | { readonly is: 'mention', readonly to: Required<NodeRef> }
  | { readonly is: 'labels', readonly labels: Readonly<Record<string, string>> }
  | { readonly is: 'selector', readonly edge: string, readonly selector: Selector }

export class NaiveGraph {
  readonly #runs: Run[] = []
  readonly #names = new Map<string, Required<NodeRef>>()
  #seq = 0

  put (kind: string, object: KubeObject, nowMs: number): void {
    this.#seq++
    const about = nameOf(kind, object)
    const uid = object.metadata?.uid ?? ''
    const life = this.#open(about).find(r => r.fact.is === 'life')
    if (life !== undefined && life.uid !== uid) this.#close(this.#open(about), nowMs)
    const isSame = life?.uid === uid
    const ends = this.#runs.filter(r => r.fact.is === 'life' && isSameName(r.about, about)).map(r => r.endMs)
    const fromMs = isSame ? nowMs : Math.max(Math.min(Date.parse(object.metadata?.creationTimestamp ?? ''), nowMs), ...ends)
    const facts = factsOf(kind, object)
    const open = this.#open(about)
    this.#close(open.filter(r => !facts.has(r.text)), nowMs)
    for (const [text, fact] of facts) if (!open.some(r => r.text === text)) this.#runs.push({ about, uid, text, fact, fromMs, seq: this.#seq, endMs: Infinity, endSeq: Infinity })
    this.#names.set(textOf(about), about)
    for (const fact of facts.values()) if ('to' in fact) this.#names.set(textOf(fact.to), fact.to)
  }

  remove (kind: string, object: KubeObject, nowMs: number): void {
    this.#seq++
    const open = this.#open(nameOf(kind, object))
    if (open.some(r => r.uid === object.metadata?.uid)) this.#close(open, nowMs)
  }

  names (): Required<NodeRef>[] { return [...this.#names.values()] }

  at (timeMs: number): { readonly nodes: readonly string[], readonly edges: readonly string[] } {
    const of = <K extends Fact['is']>(is: K): (Run & { readonly fact: Extract<Fact, { is: K }> })[] => this.#runs.filter(r => r.fact.is === is) as never
    const holds = (...runs: Run[]): boolean => runs.every(r => r.fromMs <= timeMs && timeMs < r.endMs) && Math.max(...runs.map(r => r.seq)) < Math.min(...runs.map(r => r.endSeq))
    const lives = of('life')
    const edges = [
      ...of('reference').filter(r => holds(r)).map(r => `${r.fact.edge} ${textOf(r.about)} ${textOf(r.fact.to)}`),
      ...of('mention').flatMap(r => lives.filter(l => isSameName(l.about, r.fact.to) && holds(r, l)).map(() => `refers_to ${textOf(r.about)} ${textOf(r.fact.to)}`)),
      ...of('selector').flatMap(s => of('labels').filter(p => p.about.namespace === s.about.namespace && selects(s.fact.selector, p.fact.labels) && holds(s, p)).map(p => `${s.fact.edge} ${textOf(s.about)} ${textOf(p.about)}`))
    ]
    return { nodes: lives.filter(l => holds(l)).map(l => `${textOf(l.about)} ${l.uid}`).sort(), edges: edges.sort() }
  }

  #open (about: Required<NodeRef>): Run[] { return this.#runs.filter(r => r.endSeq === Infinity && isSameName(r.about, about)) }

  #close (runs: readonly Run[], nowMs: number): void {
    for (const run of runs) { run.endMs = nowMs; run.endSeq = this.#seq }
  }
}

function factsOf (kind: string, object: KubeObject): Map<string, Fact> {
  const { references, labels, selector } = declarationOf(kind, object)
  const facts = new Map<string, Fact>([['life', { is: 'life' }]])
  for (const reference of references) {
    const fact = referenceFact(reference, references)
    facts.set(JSON.stringify(fact), fact)
  }
  if (labels !== undefined) facts.set(`labels ${JSON.stringify(Object.entries(labels).sort())}`, { is: 'labels', labels })
  if (selector?.of !== undefined) facts.set(`selector ${JSON.stringify(selector.of)}`, { is: 'selector', edge: kindOfCode(selector.code), selector: selector.of })
  return facts
}

function referenceFact ({ kind, to, optional }: Reference, all: readonly Reference[]): Fact {
  if (kind === 'mention') return { is: 'mention', to }
  const isNeeded = optional !== true || all.some(r => r.kind === kind && isSameName(r.to, to) && r.optional !== true)
  return { is: 'reference', to, edge: isNeeded ? kind : `${kind}?` }
}

function selects ({ pairs, requirements }: Selector, labels: Readonly<Record<string, string>>): boolean {
  for (const [key, value] of pairs) if (labels[key] !== value) return false
  // The test makes no other requirement.
  return requirements.every(({ key }) => labels[key] === undefined)
}

const textOf = ({ kind, namespace, name }: Required<NodeRef>): string => `${kind} ${namespace}/${name}`
const isSameName = (a: Required<NodeRef>, b: Required<NodeRef>): boolean => textOf(a) === textOf(b)
