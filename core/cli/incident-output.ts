/** Incidents on stdout, in the form that was asked for. */
import { Option } from 'commander'
import type { Incident } from '../incidents/incident.js'
import { incidentsJson, incidentsYaml } from '../story/documents.js'
import { pageOf } from '../story/layout.js'
import { storyMarkdown } from '../story/markdown.js'
import { storyOf, wholeStory, type Story } from '../story/story.js'
import { storyText } from '../story/text.js'
import type { CommandIo } from './io.js'

const formats = ['text', 'json', 'yaml', 'markdown'] as const

export interface OutputOptions {
  readonly output: (typeof formats)[number]
  /** False after --no-color. */
  readonly color: boolean
  readonly full?: true
}

export const outputOptions = (): Option[] => [
  new Option('-o, --output <format>', 'how to print').choices([...formats]).default('text'),
  new Option('--full', 'text and markdown: the whole chain with the events behind each step, and everything that is affected'),
  new Option('--no-color', 'no colours, whatever the terminal is; NO_COLOR and FORCE_COLOR are honoured too')
]

/** For people, or for programs, which want everything and nothing but it. */
export const isForPeople = ({ output }: OutputOptions): boolean => output === 'text' || output === 'markdown'

export function printIncidents (incidents: readonly Incident[], options: OutputOptions, io: CommandIo): void {
  switch (options.output) {
    case 'json': io.out(incidentsJson(incidents)); return
    case 'yaml': io.out(incidentsYaml(incidents)); return
    case 'markdown': io.out(incidents.map(i => storyMarkdown(story(i, options))).join('\n---\n\n')); return
    case 'text': io.out(texts(incidents, options, io))
  }
}

const story = (incident: Incident, { full }: OutputOptions): Story => storyOf(incident, full === true ? wholeStory : {})

/** Several stories are numbered, so that the beginning of each is found when scrolling back. */
function texts (incidents: readonly Incident[], options: OutputOptions, io: CommandIo): string {
  const page = pageOf(io.columns, io.color && options.color)
  return incidents.map((incident, i) => {
    const before = incidents.length === 1 ? '' : `${page.colors.inverse(` INCIDENT ${i + 1} OF ${incidents.length} `)}\n\n`
    return `${before}${storyText(story(incident, options), page)}`
  }).join('\n\n')
}
