/** Text with `{{expr}}` in it. An expression that fails prints `?`; in commands what is put in is quoted for a POSIX shell. */
import { visible } from '../config/faults.js'
import { errorText, isFault, type Expression, type Expressions, type ExpressionFault } from './expression.js'
import { shown } from './shown.js'

export interface Words { readonly parts: readonly (string | Expression)[] }

const maxWords = 4000

/** The faults' positions are in `text`. */
export function compileWords (text: string, expressions: Expressions): Words | readonly ExpressionFault[] {
  const parts: (string | Expression)[] = []
  const faults: ExpressionFault[] = []
  let at = 0
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', at)) {
    const close = closing(text, open + 2)
    if (close < 0) { faults.push({ message: '`{{` is not closed', start: open, end: open + 2 }); return faults }
    const source = text.slice(open + 2, close)
    const expression = expressions.compile(source)
    if (isFault(expression)) faults.push({ message: expression.message, start: open + 2 + expression.start, end: open + 2 + expression.end })
    else parts.push(text.slice(at, open), expression)
    at = close + 2
  }
  parts.push(text.slice(at))
  return faults.length > 0 ? faults : { parts }
}

/** Where the `}}` of an expression is: braces of maps and what stands in quotes do not count. */
function closing (text: string, from: number): number {
  let [depth, quote] = [0, '']
  for (let i = from; i < text.length; i++) {
    const c = text.charAt(i)
    if (quote !== '') {
      if (c === '\\') i++
      else if (c === quote) quote = ''
    } else if (c === '"' || c === "'") quote = c
    else if (c === '{') depth++
    else if (c === '}' && depth > 0) depth--
    else if (c === '}') return text.charAt(i + 1) === '}' ? i : -1
  }
  return -1
}

/** `onError` gets what failed, once an expression. */
export function say ({ parts }: Words, context: object, onError: (message: string) => void): string {
  let text = ''
  for (const part of parts) text += typeof part === 'string' ? part : value(part, context, onError)
  return cut(text.trim().replace(/[^\S\n]+\n/g, '\n'))
}

export function sayCommand ({ parts }: Words, context: object, onError: (message: string) => void): string {
  let text = ''
  let quote: Quote = ''
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part
      quote = quoteAfter(part, quote)
    } else text += quoted(value(part, context, onError), quote)
  }
  return cut(text.trim())
}

const cut = (text: string): string => text.length > maxWords ? `${text.slice(0, maxWords - 1)}…` : text

function value (expression: Expression, context: object, onError: (message: string) => void): string {
  try {
    return shown(expression.run(context))
  } catch (error) {
    onError(errorText(error))
    return '?'
  }
}

type Quote = '' | '"' | "'"

function quoteAfter (text: string, before: Quote): Quote {
  let quote = before
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === '\\' && quote !== "'") i++
    else if (quote === '' && (c === '"' || c === "'")) quote = c
    else if (c === quote) quote = ''
  }
  return quote
}

/** Names and messages come from strangers: none may end the quote it is in, or be more than one word outside of quotes. */
function quoted (text: string, quote: Quote): string {
  const line = visible(text)
  if (quote === "'") return line.replaceAll("'", `'\\''`)
  if (quote === '"') return line.replace(/[\\"$`]/g, '\\$&')
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(line) ? line : line === '?' ? line : `'${line.replaceAll("'", `'\\''`)}'`
}
