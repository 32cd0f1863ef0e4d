/** A story as Markdown (CommonMark with GitHub's tables), for tickets and chats. Text of events is escaped: it formats nothing and links nowhere. */
import type { AffectedGroup } from './blast-radius.js'
import type { Story, StoryAction, StoryHypothesis, StoryReason, StoryStep } from './story.js'
import { moreNames, number } from './words.js'

/** Ends with a line feed. */
export function storyMarkdown (story: Story): string {
  const sections = [summary(story), why(story), others(story), chain(story), radius(story), list('SLO violations', story.slo), actions(story), list('Notes', story.notes)]
  return `${sections.filter(lines => lines.length > 0).map(lines => lines.join('\n')).join('\n\n')}\n`
}

/** What means something within a line, and what would at its beginning (a list, a heading, a number with a dot). */
export function escapeMarkdown (text: string): string {
  return text.replace(/[\\`*_{}[\]<>|~&#]/g, '\\$&').replace(/^([-+=]|\d+(?=[.)]))/, '\\$1').replace(/^\\(\d+)/, '$1\\').replace(/:\/\//g, '\\://').replace(/\bwww\./g, 'www\\.')
}

function summary ({ title, facts }: Story): string[] {
  return [`## ${escapeMarkdown(title)}`, '', '| | |', '|---|---|', ...facts.map(({ label, value }) => `| **${label}** | ${escapeMarkdown(value)} |`)]
}

const heading = (text: string): string[] => [`### ${text}`, '']

function why ({ why: text, reasons }: Story): string[] {
  if (text === '' && reasons.length === 0) return []
  return [...heading('Why'), ...(text === '' ? [] : [escapeMarkdown(text)]), ...(text === '' || reasons.length === 0 ? [] : ['']), ...reasonLines(reasons, '')]
}

function reasonLines (reasons: readonly StoryReason[], indent: string): string[] {
  return reasons.map(({ isFor, text }) => `${indent}- **${isFor ? 'for' : 'against'}**: ${escapeMarkdown(text)}`)
}

function others ({ others: hypotheses }: Story): string[] {
  return hypotheses.length === 0 ? [] : [...heading('Other hypotheses'), ...hypotheses.flatMap(otherLines)]
}

function otherLines ({ rank, title, confidence, why: text, reasons }: StoryHypothesis): string[] {
  return [`${rank}. ${escapeMarkdown(title)} (${confidence})${text === '' ? '' : `. ${escapeMarkdown(text)}`}`, ...reasonLines(reasons, '   ')]
}

function chain ({ chainHeading, steps, moreSteps }: Story): string[] {
  if (steps.length === 0 && moreSteps === 0) return []
  return [...heading(`Event chain (${chainHeading})`), ...steps.flatMap(stepLines), ...(moreSteps === 0 ? [] : ['', `… and ${number(moreSteps)} more`])]
}

/** A list without numbers of its own: renderers count those anew, and causes are named by theirs. */
function stepLines ({ label, tag, text, when, detail, also, moreAlso, causes, evidence }: StoryStep): string[] {
  const under = [
    ...(detail === '' ? [] : [escapeMarkdown(detail)]),
    ...(also.length === 0 ? [] : [`also ${[...also.map(escapeMarkdown), ...moreNames(moreAlso)].join(', ')}`]),
    ...causes.map(cause => `caused by ${cause.step} (${cause.confidence})${cause.why === '' ? '' : `: ${escapeMarkdown(cause.why)}`}`),
    ...evidence.map(({ source, text: said }) => `${escapeMarkdown(source)}: ${escapeMarkdown(said)}`)
  ]
  return [`- **${label} ${tag}** ${escapeMarkdown(text)} (${when})`, ...under.map(line => `  - ${line}`)]
}

function radius ({ radius: text, affected }: Story): string[] {
  if (affected.length === 0) return []
  return [...heading('Blast radius'), text, '', '| State | Kind | Names | Why |', '|---|---|---|---|', ...affected.map(groupLine)]
}

function groupLine ({ stateText, kind, names, moreNames: more, why: text }: AffectedGroup): string {
  const all = [...names.map(escapeMarkdown), ...moreNames(more)].join(', ')
  return `| ${stateText} | ${escapeMarkdown(kind)} | ${all} | ${escapeMarkdown(text)} |`
}

function actions ({ actions: all }: Story): string[] {
  return all.length === 0 ? [] : [...heading('Recommended actions'), ...all.flatMap((action, i) => actionLines(action, i + 1))]
}

function actionLines ({ label, text, command, risk, expect }: StoryAction, position: number): string[] {
  const head = `${position}. `
  const indent = ' '.repeat(head.length)
  // A fence must be longer than any in what it holds.
  const fence = '`'.repeat(Math.max(3, ...command.flatMap(line => line.match(/`+/g) ?? []).map(run => run.length + 1)))
  return [
    `${head}**${label}**: ${escapeMarkdown(text)}${risk === 'none' ? '' : ` (risk: ${risk})`}`,
    ...(command.length === 0 ? [] : ['', ...[`${fence}sh`, ...command, fence].map(line => `${indent}${line}`), '']),
    ...(expect === '' ? [] : [`${indent}Expect: ${escapeMarkdown(expect)}`])
  ]
}

function list (title: string, lines: readonly string[]): string[] { return lines.length === 0 ? [] : [...heading(title), ...lines.map(line => `- ${escapeMarkdown(line)}`)] }
