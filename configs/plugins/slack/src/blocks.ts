/** An incident as Slack's Block Kit: https://api.slack.com/reference/block-kit/blocks. Lengths are Slack's own limits; it refuses a message that passes one. */
import type { Told } from './incident.js'

const maxHeader = 150
const maxSection = 3000
const shownSteps = 8
const shownAffected = 10
const shownActions = 3

export interface Message { readonly text: string, readonly blocks: readonly object[] }

const signs: Readonly<Record<string, string>> = { critical: ':red_circle:', high: ':large_orange_circle:', medium: ':large_yellow_circle:', low: ':white_circle:' }

/** `&`, `<` and `>` would begin links, mentions and channels. */
export const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Cut by characters, not within an escape or a pair of surrogates. */
const cut = (text: string, most: number): string => text.length <= most ? text : `${text.slice(0, most - 2).replace(/(?:&[a-z]{0,3}|[\uD800-\uDBFF])$/, '')} …`

const section = (text: string): object => ({ type: 'section', text: { type: 'mrkdwn', text: cut(text, maxSection) } })

/** Backticks would end the code they are shown in. */
const code = (command: string): string => `\`\`\`${escape(command).replaceAll('`', '\'')}\`\`\``

export function messageOf (told: Told, link: string): Message {
  const state = told.mergedInto !== '' ? `merged into ${told.mergedInto}` : told.isOpen ? 'open' : 'resolved'
  const sign = told.isOpen ? signs[told.severity] ?? ':grey_question:' : ':white_check_mark:'
  const blocks: object[] = [{ type: 'header', text: { type: 'plain_text', text: cut(told.title === '' ? `Incident ${told.id}` : told.title, maxHeader), emoji: false } }]
  blocks.push(section(`${sign} *${escape(told.severity.toUpperCase())}*, ${escape(state)}${told.impact === '' ? '' : `\n${escape(told.impact)}`}`))
  if (told.cause !== '') blocks.push(section(`*Cause* (${Math.round(told.confidence * 100)} %)\n${escape(told.cause)}${told.explanation === '' ? '' : `\n${escape(told.explanation)}`}`))
  if (told.chain.length > 0) blocks.push(section(`*How it came*\n${some(told.chain, shownSteps, (step, i) => `${i + 1}. ${escape(step)}`)}`))
  if (told.affected.length > 0) blocks.push(section(`*Affected*\n${some(told.affected, shownAffected, a => `• ${escape(a)}`)}`))
  for (const { text, command } of told.isOpen ? told.actions.slice(0, shownActions) : []) blocks.push(section(`*Do* ${escape(cut(text, 500))}${command === '' ? '' : `\n${code(cut(command, 1500))}`}`))
  blocks.push({ type: 'context', elements: [{ type: 'mrkdwn', text: cut(`${escape(told.id)} · since <!date^${Math.floor(told.startMs / 1000)}^{date_short_pretty} {time_secs}|${new Date(clamp(told.startMs)).toISOString()}>${link === '' ? '' : ` · <${link.replaceAll('{id}', encodeURIComponent(told.id))}|open in Tapio>`}`, maxSection) }] })
  return { text: cut(`${told.severity.toUpperCase()} ${state}: ${escape(told.title)}`, maxSection), blocks }
}

const clamp = (ms: number): number => Math.min(Math.max(0, ms), 8.64e15)

function some (items: readonly string[], most: number, line: (item: string, i: number) => string): string {
  const lines = items.slice(0, most).map((item, i) => line(cut(item, 240), i))
  return [...lines, ...items.length > most ? [`… ${items.length - most} more`] : []].join('\n')
}
