/**
 * A story for a terminal, in the shape people know from the original: summary, why, chain, blast radius, actions. Commands stand
 * alone on their lines, unwrapped and without anything beside them, so that a line copied is a command.
 */
import type { Level } from '../incidents/incident.js'
import type { AffectedGroup } from './blast-radius.js'
import { heading, paragraph, unbroken, type Colors, type Page } from './layout.js'
import type { Story, StoryAction, StoryHypothesis, StoryReason, StoryStep } from './story.js'
import { moreNames, number } from './words.js'

/** Ends with a line feed. */
export function storyText (story: Story, page: Page): string {
  const sections = [summary(story, page), why(story, page), others(story, page), chain(story, page), radius(story, page), slo(story, page), actions(story, page), notes(story, page)]
  return `${sections.filter(lines => lines.length > 0).map(lines => lines.join('\n')).join('\n\n')}\n`
}

type Paint = (text: string) => string

export function levelPaint (c: Colors, level: Level): Paint {
  switch (level) {
    case 'critical': return text => c.bold(c.red(text))
    case 'high': return c.red
    case 'medium': return c.yellow
    case 'low': return c.cyan
  }
}

function summary ({ facts }: Story, page: Page): string[] {
  const { colors: c } = page
  return [...heading(page, 'CORRELATION SUMMARY'), ...facts.flatMap(({ label, value, level }) => {
    const text = level === undefined ? (label === 'Root Cause' ? c.bold(value) : value) : levelPaint(c, level)(value)
    return hanging(page, `${c.dim(`${label}:`)} ${text}`)
  })]
}

/** Further lines two columns in: the first of several facts is then seen at once. */
function hanging (page: Page, text: string, indent = ''): string[] {
  return paragraph({ ...page, width: page.width - 2 }, indent, text).map((line, i) => i === 0 ? line : `  ${line}`)
}

function why ({ why: text, reasons }: Story, page: Page): string[] {
  if (text === '' && reasons.length === 0) return []
  return [...heading(page, 'WHY'), ...(text === '' ? [] : paragraph(page, '', text)), ...reasonLines(reasons, page, '')]
}

function reasonLines (reasons: readonly StoryReason[], page: Page, indent: string): string[] {
  const { colors: c } = page
  return reasons.flatMap(({ isFor, text }) => paragraph(page, `${indent}${isFor ? c.green('+') : c.yellow('-')} `, text, indent.length + 2))
}

function others ({ others: hypotheses }: Story, page: Page): string[] {
  if (hypotheses.length === 0) return []
  return [...heading(page, 'OTHER HYPOTHESES'), ...hypotheses.flatMap(h => otherLines(h, page))]
}

function otherLines ({ rank, title, confidence, why: text, reasons }: StoryHypothesis, page: Page): string[] {
  const head = `${rank}. `
  const indent = ' '.repeat(head.length)
  return [
    ...paragraph(page, head, `${title} ${page.colors.dim(`[${confidence}]`)}`),
    ...branches(text === '' ? [] : [text], page, indent),
    ...reasonLines(reasons, page, `${indent}   `)
  ]
}

function chain ({ chainHeading, steps, moreSteps }: Story, page: Page): string[] {
  if (steps.length === 0 && moreSteps === 0) return []
  const more = moreSteps === 0 ? [] : ['', page.colors.dim(`… and ${number(moreSteps)} more`)]
  return [...heading(page, `EVENT CHAIN (${chainHeading})`), ...steps.flatMap((step, i) => [...(i === 0 ? [] : ['']), ...stepLines(step, page)]), ...more]
}

const layerPaint = (c: Colors, { layer }: StoryStep): Paint => ({ kernel: c.magenta, node: c.blue, net: c.cyan, k8s: c.green, app: c.yellow })[layer]

function stepLines (step: StoryStep, page: Page): string[] {
  const { colors: c } = page
  const head = `${step.label}. `
  const under = [
    ...(step.detail === '' ? [] : [step.detail]),
    ...(step.also.length === 0 ? [] : [`also ${[...step.also, ...moreNames(step.moreAlso).map(unbroken)].join(', ')}`]),
    ...step.causes.map(({ step: cause, confidence, why: text }) => `${c.dim(unbroken(`← caused by ${cause} (${confidence})`))}${text === '' ? '' : `: ${text}`}`),
    ...step.evidence.map(({ source, text }) => c.dim(`${source}: ${text}`))
  ]
  return [
    ...paragraph(page, head, `${c.bold(layerPaint(c, step)(`[${step.tag}]`))} ${step.text} ${c.dim(unbroken(`(${step.when})`))}`),
    ...branches(under, page, ' '.repeat(head.length))
  ]
}

function branches (texts: readonly string[], page: Page, indent: string): string[] {
  return texts.flatMap((text, i) => {
    const isLast = i === texts.length - 1
    const [first = '', ...further] = paragraph(page, `${indent}${isLast ? '└─ ' : '├─ '}`, text)
    return [first, ...further.map(line => isLast ? line : `${indent}│${line.slice(indent.length + 1)}`)]
  })
}

function radius ({ radius: text, affected }: Story, page: Page): string[] {
  if (affected.length === 0) return []
  const kindLength = Math.max(...affected.map(g => g.kind.length))
  return [...heading(page, 'BLAST RADIUS'), ...paragraph(page, '', text), ...affected.flatMap((group, i) => groupLines(group, affected[i - 1]?.state !== group.state, kindLength, page))]
}

function groupLines (group: AffectedGroup, isFirstOfState: boolean, kindLength: number, page: Page): string[] {
  const { colors: c } = page
  const state = (isFirstOfState ? group.stateText : '').padEnd(10)
  const paint = { failed: c.red, degraded: c.yellow, at_risk: c.cyan }[group.state]
  const names = [...group.names, ...moreNames(group.moreNames).map(unbroken)].join(', ')
  const kind = `${group.kind.padEnd(kindLength)}  `
  return paragraph(page, `${paint(state)}${c.dim(kind)}`, `${names}${group.why === '' ? '' : c.dim(` (${group.why})`)}`, state.length + kind.length)
}

function slo ({ slo: lines }: Story, page: Page): string[] {
  return lines.length === 0 ? [] : [...heading(page, 'SLO VIOLATIONS'), ...lines.flatMap(line => hanging(page, line))]
}

function actions ({ actions: list }: Story, page: Page): string[] {
  return list.length === 0 ? [] : [...heading(page, 'RECOMMENDED ACTIONS'), ...list.flatMap((action, i) => actionLines(action, i + 1, page))]
}

function actionLines ({ urgency, label, text, command, risk, expect }: StoryAction, position: number, page: Page): string[] {
  const { colors: c } = page
  const head = `${position}. `
  const indent = ' '.repeat(head.length)
  const paint = { immediate: c.red, short_term: c.yellow, investigate: c.cyan }[urgency]
  return [
    ...paragraph(page, head, `${c.bold(paint(`${label}:`))} ${text}${risk === 'none' ? '' : ` ${riskPaint(c, risk)(`(risk: ${risk})`)}`}`),
    ...command.map(line => `${indent}${c.bold(line)}`),
    ...branches(expect === '' ? [] : [c.dim(`expect: ${expect}`)], page, indent)
  ]
}

function riskPaint (c: Colors, risk: 'low' | 'medium' | 'high'): Paint { return { low: c.dim, medium: c.yellow, high: c.red }[risk] }

function notes ({ notes: list }: Story, page: Page): string[] {
  return list.length === 0 ? [] : [...heading(page, 'NOTES'), ...list.flatMap(note => paragraph(page, '- ', note))]
}
