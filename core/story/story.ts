/**
 * An incident in words: what every form for people (text.ts, markdown.ts) says, once. All strings are safe to print and have one
 * line; commands have theirs. Nothing here knows how wide or coloured it will be.
 */
import { entityText } from '../correlation/entity.js'
import { linkKinds, type LinkKind } from '../correlation/link.js'
import type { Evidence } from '../correlation/symptom.js'
import type { Action, ChainStep, Hypothesis, Incident, Level, Reason, Risk, SloViolation } from '../incidents/incident.js'
import { groupAffected, type AffectedGroup } from './blast-radius.js'
import { runsOf, type Run } from './alike.js'
import { printable, printableCommand } from './printable.js'
import { confidenceWords, count, dateTime, exactPercent, layerTags, levelWords, longDuration, nameText, number, offset, percent, shortDuration, urgencyWords } from './words.js'

export interface StoryFact { readonly label: string, readonly value: string, /** Worth a colour. */ readonly level?: Level }
export interface StoryReason { readonly isFor: boolean, readonly text: string }
export interface StoryHypothesis { readonly rank: number, readonly title: string, readonly confidence: string, readonly why: string, readonly reasons: readonly StoryReason[] }
export interface StoryCause { readonly step: number, readonly confidence: string, readonly why: string }
export interface StoryEvidence { readonly source: string, readonly text: string }

export interface StoryStep {
  /** `3`, or `3-10` for steps that say the same of several things. */
  readonly label: string
  readonly layer: ChainStep['layer']
  readonly tag: string
  readonly text: string
  /** When, counted from the start, and how often: `+1.2 s, x120 over 4 min`. */
  readonly when: string
  /** '' when it would say the text again. */
  readonly detail: string
  /** The others that the same happened to; `moreAlso` counts those that are not named. */
  readonly also: readonly string[]
  readonly moreAlso: number
  readonly causes: readonly StoryCause[]
  readonly evidence: readonly StoryEvidence[]
}

export interface StoryAction { readonly urgency: Action['urgency'], readonly label: string, readonly text: string, readonly command: readonly string[], readonly risk: Risk, readonly expect: string }

export interface Story {
  readonly id: string
  readonly title: string
  readonly level: Level
  readonly facts: readonly StoryFact[]
  readonly why: string
  readonly reasons: readonly StoryReason[]
  readonly others: readonly StoryHypothesis[]
  /** `5 events correlated via K8s structure`. */
  readonly chainHeading: string
  readonly steps: readonly StoryStep[]
  readonly moreSteps: number
  readonly radius: string
  readonly affected: readonly AffectedGroup[]
  readonly slo: readonly string[]
  readonly actions: readonly StoryAction[]
  readonly notes: readonly string[]
}

export interface StoryOptions {
  /** Lines of the chain; the steps beyond are counted. */
  readonly maxSteps?: number
  /** Steps that follow each other and say the same of several things, for the same causes, are one line. */
  readonly joinsAlike?: boolean
  /** Causes of one step, the surest. */
  readonly maxCauses?: number
  /** Reasons of one kind in one state of the blast radius, names in one line of it. */
  readonly maxReasons?: number
  readonly maxNames?: number
  /** The events behind each step too. */
  readonly withEvidence?: boolean
}

/** What a terminal shows: a screen or two. */
type Limits = Required<StoryOptions>

const defaults = { maxSteps: 20, joinsAlike: true, maxCauses: 2, maxReasons: 3, maxNames: 6, withEvidence: false } as const

/** With everything that is in the document. */
export const wholeStory: StoryOptions = { maxSteps: Infinity, joinsAlike: false, maxCauses: Infinity, maxReasons: Infinity, maxNames: Infinity, withEvidence: true }

export function storyOf (incident: Incident, options: StoryOptions = {}): Story {
  const limits = { ...defaults, ...options }
  const { maxSteps, joinsAlike, maxReasons, maxNames } = limits
  const { chain, hypotheses, impact } = incident
  const [best, ...others] = hypotheses
  const runs = runsOf(chain, joinsAlike)
  const shown = runs.slice(0, maxSteps)
  return {
    id: printable(incident.id, 64),
    title: printable(incident.title),
    level: incident.severity,
    facts: factsOf(incident, best),
    why: printable(best?.explanation ?? '', 4000),
    reasons: best === undefined ? [] : reasonsOf(best),
    others: others.map((h, i) => ({ rank: i + 2, title: printable(h.title), confidence: confidence(h.score), why: printable(h.explanation, 2000), reasons: reasonsOf(h) })),
    chainHeading: chainHeading(incident),
    steps: shown.map(run => stepOf(run, incident.startMs, limits)),
    moreSteps: runs.slice(maxSteps).reduce((n, run) => n + run.steps.length, 0) + incident.omitted,
    radius: radiusText(incident),
    affected: groupAffected(impact.affected, maxReasons, maxNames),
    slo: impact.slo.map(sloText),
    actions: incident.actions.map(actionOf),
    notes: incident.notes.map(note => printable(note)).filter(note => note !== '')
  }
}

const confidence = (score: number): string => `${confidenceWords(score)} (${percent(score)})`

function factsOf (incident: Incident, best: Hypothesis | undefined): StoryFact[] {
  const { impact, severity, startMs, updatedMs, resolvedMs, status } = incident
  const end = resolvedMs ?? updatedMs
  const state = status === 'resolved' ? `resolved after ${longDuration(end - startMs)}` : updatedMs - startMs < 1000 ? 'open' : `open, last evidence ${longDuration(updatedMs - startMs)} after the start`
  return [
    { label: 'Root Cause', value: best === undefined ? `not known: ${printable(incident.title)}` : printable(best.title) },
    { label: 'Infrastructure Impact', value: printable(impact.summary), level: impact.level },
    { label: 'Technical Severity', value: levelWords[severity], level: severity },
    { label: 'Time to Detection', value: longDuration(incident.timeToDetectionMs) },
    ...(best === undefined ? [] : [{ label: 'Confidence', value: `${confidence(best.score)}; at fault: ${printable(entityText(best.subject))}` }]),
    { label: 'Started', value: dateTime(startMs) },
    { label: 'Status', value: state },
    { label: 'Incident', value: `${printable(incident.id, 64)}${related(incident)}` }
  ]
}

const maxRelated = 3

function related ({ related: ids }: Incident): string {
  const more = ids.length > maxRelated ? ` and ${number(ids.length - maxRelated)} more` : ''
  return ids.length === 0 ? '' : ` (joined with or parted from ${ids.slice(0, maxRelated).map(id => printable(id, 64)).join(', ')}${more})`
}

function reasonsOf (hypothesis: Hypothesis): StoryReason[] {
  const of = (reasons: readonly Reason[], isFor: boolean): StoryReason[] => reasons.map(({ text }) => ({ isFor, text: printable(text) }))
  return [...of(hypothesis.for, true), ...of(hypothesis.against, false)]
}

/** What the links of a kind rest on, as the chain's heading names it. */
const grounds: Readonly<Record<LinkKind, string>> = {
  ownership: 'K8s structure', selector: 'K8s structure', endpoint: 'K8s structure', placement: 'K8s structure', volume: 'K8s structure', config: 'K8s structure', quota: 'K8s structure',
  policy: 'K8s structure', service_account: 'K8s structure', same_entity: 'K8s structure', dependency: 'calls', trace: 'traces', pattern: 'known patterns',
  sequence: 'time', co_occurrence: 'time', burst: 'time'
}

function chainHeading ({ chain, omitted, events }: Incident): string {
  const kinds = new Set(chain.flatMap(step => step.causes.map(cause => cause.kind)))
  const via = [...new Set(linkKinds.filter(kind => kinds.has(kind)).map(kind => grounds[kind]))]
  const steps = chain.length + omitted
  const what = events > steps ? `${count(events, 'event')} in ${count(steps, 'step')}` : count(steps, 'event')
  return via.length === 0 ? what : `${what} correlated via ${listed(via)}`
}

function listed (words: readonly string[]): string { return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` }

function stepOf ({ from, steps }: Run, startMs: number, { maxCauses, maxNames, withEvidence }: Limits): StoryStep {
  const [step, ...others] = steps
  const [text, detail] = [printable(step.text), printable(step.detail)]
  const causes = [...step.causes].sort((a, b) => b.confidence - a.confidence || a.step - b.step)
  return {
    label: others.length === 0 ? `${from + 1}` : `${from + 1}-${from + steps.length}`,
    layer: step.layer,
    tag: layerTags[step.layer],
    text: others.length === 0 ? text : `${text}, and ${number(others.length)} more`,
    when: whenOf(steps, startMs),
    detail: detail === text ? '' : detail,
    also: others.slice(0, maxNames).map(({ entity }) => printable(nameText(entity))),
    moreAlso: Math.max(0, others.length - maxNames),
    causes: causes.slice(0, maxCauses).map(cause => ({ step: cause.step + 1, confidence: percent(cause.confidence), why: printable(cause.why) })),
    evidence: withEvidence ? step.evidence.map(evidenceOf) : []
  }
}

function evidenceOf ({ source, name, message, count: times, traceId = '' }: Evidence): StoryEvidence {
  const said = [printable(name), printable(message)].filter(text => text !== '').join(': ')
  const trace = printable(traceId, 64)
  return { source: printable(source, 64), text: `${said}${times > 1 ? ` (x${number(times)})` : ''}${trace === '' ? '' : `, trace ${trace}`}` }
}

function whenOf (steps: Run['steps'], startMs: number): string {
  const [firstMs, lastMs] = [Math.min(...steps.map(s => s.timeMs)), Math.max(...steps.map(s => s.lastMs))]
  const events = steps.reduce((n, s) => n + s.count, 0)
  const times = events > steps.length || steps.length > 1 ? [`x${number(events)}${lastMs - firstMs >= 1000 ? ` over ${shortDuration(lastMs - firstMs)}` : ''}`] : []
  return [offset(firstMs - startMs), ...times].join(', ')
}

function radiusText ({ impact }: Incident): string {
  const { nodes, workloads, services, pods } = impact.counts
  const named: [number, string][] = [[services, 'service'], [workloads, 'workload'], [pods, 'pod'], [nodes, 'node']]
  const there = named.filter(([n]) => n > 0).map(([n, one]) => count(n, one))
  return `${there.length === 0 ? count(impact.affected.length, 'object') : there.join(', ')} affected; risk of spreading: ${percent(impact.cascadeRisk)}`
}

/** `shop/cart availability: 97.2 % of a target of 99.9 %; burns its error budget 28 times too fast (over 1 hour)`. */
function sloText (slo: SloViolation): string {
  const [observed, target] = [slo.observed, slo.target].map(value => value <= 1 ? exactPercent(value) : `${number(Math.round(value))} ms`)
  return `${printable(slo.service)} ${printable(slo.objective, 64)}: ${observed}, target ${target}; burns its error budget at ${number(Math.round(slo.burnRate * 10) / 10)} times the sustainable rate (over ${longDuration(slo.windowMs)})`
}

function actionOf (action: Action): StoryAction {
  const { urgency, risk, text, command = '', expect = '' } = action
  return { urgency, label: urgencyWords[urgency], text: printable(text), command: printableCommand(command), risk, expect: printable(expect) }
}

