/** Where events are lost, as text and as JSON: what, how many of how many, why, which option, what to do. */
import { timestampMs } from '@bufbuild/protobuf/wkt'
import { paragraph, type Page } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { count, exactPercent, number, shortDuration } from '../../story/words.js'
import { rateText } from '../client/figures.js'
import type { ReasonInfo } from './catalog.js'
import type { Look, Lost } from './lost.js'
import type { OptionValue } from './options.js'

export interface Explained extends Lost {
  readonly info: ReasonInfo | undefined
  readonly options: readonly OptionValue[]
}

const unknownMeaning = 'whoever made the component says no more of this reason; give its configuration (-c FILE) when it is a plugin\'s'

/** What is lost comes before what was left out on purpose; what goes on now before what is over. */
export function inOrder (all: readonly Explained[]): Explained[] {
  const intended = (e: Explained): number => e.info?.remedy?.isIntended === true ? 1 : 0
  return [...all].sort((a, b) => intended(a) - intended(b) || b.perSecond - a.perSecond || b.events - a.events || (a.place < b.place ? -1 : 1))
}

export function lossText (all: readonly Explained[], { health, brought, upMs }: Look, where: string, page: Page, nowMs: number): string[] {
  const { colors: c } = page
  const [lost, leftOut] = [all.filter(e => e.info?.remedy?.isIntended !== true), all.filter(e => e.info?.remedy?.isIntended === true)]
  const sum = (of: readonly Explained[], key: 'events' | 'perSecond'): number => of.reduce((total, e) => total + e[key], 0)
  const since = upMs > 0 ? ` since the start ${shortDuration(upMs)} ago` : ' since the start'
  const total = (what: string, of: readonly Explained[], paint: (text: string) => string): string =>
    `${paint(`${number(sum(of, 'events'))} ${what}`)}${of.length === 0 ? '' : ` (${rateText(sum(of, 'perSecond'))}/s now)`}`
  return [
    `${c.bold('tapio explain-drop')} ${printable(where, 80)}: of ${count(brought, 'event')} brought${since}, ${total('lost', lost, lost.length === 0 ? c.green : c.red)}, ${total('left out on purpose', leftOut, c.dim)}`,
    ...inOrder(all).flatMap((e, i) => ['', ...entryText(e, i + 1, health, page, nowMs)])
  ]
}

function entryText (e: Explained, position: number, health: Look['health'], page: Page, nowMs: number): string[] {
  const { colors: c } = page
  const isIntended = e.info?.remedy?.isIntended === true
  const paint = isIntended ? c.dim : c.red
  const share = e.given === undefined ? '' : ` of ${number(e.given)} it was given (${exactPercent(e.events / e.given)})`
  const state = e.component === undefined ? undefined : health.get(e.component)
  const sinceMs = state?.since === undefined ? undefined : nowMs - timestampMs(state.since)
  return [
    `${position}. ${paint(c.bold(printable(e.reason, 64)))} at ${printable(e.place, 120)}${e.pipeline === '' || e.place.startsWith('ring ') ? '' : `, pipeline ${printable(e.pipeline, 64)}`}${isIntended ? ' (on purpose)' : ''}`,
    ...field('so far', `${number(e.events)}${share}; ${e.perSecond > 0 ? `${rateText(e.perSecond)}/s now` : 'none now'}`, page),
    ...field('means', printable(e.info?.meaning ?? unknownMeaning), page),
    ...(state === undefined || state.state === 'ok' ? [] : field('state', `${printable(state.state)}${sinceMs === undefined ? '' : ` for ${shortDuration(sinceMs)}`}${state.reason === '' ? '' : `: ${printable(state.reason)}`}`, page)),
    ...optionText(e.options, page),
    ...(e.info?.remedy === undefined ? [] : field('do', printable(e.info.remedy.action), page))
  ]
}

export function optionText (options: readonly OptionValue[], page: Page): string[] {
  return options.flatMap(({ path, value, isDefault }, i) => field(i === 0 ? (options.length === 1 ? 'option' : 'options') : '', `${printable(path, 200)}${value === undefined ? '' : isDefault ? ` (default ${printable(value, 80)})` : ` = ${printable(value, 80)}`}`, page))
}

export function field (name: string, text: string, page: Page): string[] {
  const label = name.padEnd(8)
  return paragraph(page, `   ${page.colors.dim(label)} `, text, 12)
}

export function lossJson (all: readonly Explained[], { health, brought, upMs }: Look): object {
  return {
    brought, upMs: Math.round(upMs),
    losses: inOrder(all).map(({ place, component, pipeline, reason, events, perSecond, given, info, options }) => {
      const state = component === undefined ? undefined : health.get(component)
      return {
        place, reason, events, perSecond, ...(given !== undefined && { given, share: events / given }), ...(pipeline !== '' && { pipeline }),
        intended: info?.remedy?.isIntended === true, meaning: info?.meaning ?? '', action: info?.remedy?.action ?? '',
        options: options.map(({ path, value, isDefault }) => ({ path, ...(value !== undefined && (isDefault ? { default: value } : { value })) })),
        ...(state !== undefined && { state: state.state, stateReason: state.reason })
      }
    })
  }
}
