/**
 * Path templates of `google.api.http` (proto/google/api/http.proto): `/v1/collectors/{id=**}/config`, `/v1/events:batch`. Of its
 * grammar what a REST API uses: words, `{name}` for one segment, `{name=**}` once for one or more, a verb at the end.
 */
export interface Template {
  readonly text: string
  readonly front: readonly Segment[]
  /** What follows `{name=**}`; undefined: there is no such variable. */
  readonly back: readonly Segment[] | undefined
  /** Name of the variable that takes any number of segments. */
  readonly rest: string
  /** '' or the word behind the colon of a template that ends in a variable. */
  readonly verb: string
  /** Path variables, as fields are named in the proto file. */
  readonly variables: readonly string[]
}

type Segment = { readonly word: string } | { readonly variable: string }

/** Throws when `text` is more than described above: the proto files are ours. */
export function parseTemplate (text: string): Template {
  if (!text.startsWith('/')) throw new Error(`path template "${text}" does not begin with /`)
  const verb = /\}:([\w-]+)$/.exec(text)?.[1] ?? ''
  const parts = (verb === '' ? text : text.slice(0, -verb.length - 1)).slice(1).split('/')
  const rests = parts.filter(part => part.endsWith('=**}'))
  if (rests.length > 1) throw new Error(`path template "${text}" has more than one {name=**}`)
  const at = rests[0] === undefined ? parts.length : parts.indexOf(rests[0])
  return {
    text,
    front: parts.slice(0, at).map(part => parseSegment(part, text)),
    back: rests[0] === undefined ? undefined : parts.slice(at + 1).map(part => parseSegment(part, text)),
    rest: rests[0]?.slice(1, -4) ?? '',
    verb,
    variables: parts.flatMap(part => /^\{(\w+)(?:=\*{1,2})?\}$/.exec(part)?.[1] ?? [])
  }
}

function parseSegment (part: string, text: string): Segment {
  const variable = /^\{(\w+)(?:=\*)?\}$/.exec(part)?.[1]
  if (variable !== undefined) return { variable }
  if (/[{}*]/.test(part)) throw new Error(`path template "${text}": "${part}" is not understood`)
  return { word: part }
}

/** The variables' values, when `segments` (decoded) fit. None of them is empty. */
export function matchTemplate (template: Template, segments: readonly string[]): ReadonlyMap<string, string> | undefined {
  const path = withoutVerb(template.verb, segments)
  if (path === undefined) return undefined
  const { front, back, rest } = template
  const found = new Map<string, string>()
  if (back === undefined) return path.length === front.length && matchAll(front, path, found) ? found : undefined
  const end = path.length - back.length
  if (end <= front.length || !matchAll(front, path.slice(0, front.length), found) || !matchAll(back, path.slice(end), found)) return undefined
  const taken = path.slice(front.length, end)
  if (taken.includes('')) return undefined
  return found.set(rest, taken.join('/'))
}

function withoutVerb (verb: string, segments: readonly string[]): readonly string[] | undefined {
  if (verb === '') return segments
  const last = segments[segments.length - 1] as string
  return last.endsWith(`:${verb}`) ? [...segments.slice(0, -1), last.slice(0, -verb.length - 1)] : undefined
}

function matchAll (expected: readonly Segment[], found: readonly string[], variables: Map<string, string>): boolean {
  return expected.every((segment, i) => {
    const value = found[i] as string
    if ('word' in segment) return segment.word === value
    variables.set(segment.variable, value)
    return value !== ''
  })
}

/** Larger for templates that say more: words win over variables, and longer ones over shorter ones. */
export function weightOf ({ front, back, verb }: Template): number {
  const weigh = (segments: readonly Segment[]): number => segments.reduce((sum, segment) => sum + ('word' in segment ? 100 : 1), 0)
  return weigh(front) + weigh(back ?? []) + (verb === '' ? 0 : 100) - (back === undefined ? 0 : 1)
}
