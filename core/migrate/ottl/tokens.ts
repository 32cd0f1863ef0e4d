/** Words of the OpenTelemetry Transformation Language, as far as conditions and simple statements need them. */

/** What cannot be said in Tapio's configuration; the message says what, in one sentence without a full stop. */
export class Untranslatable extends Error {}

export type Token =
  | { readonly kind: 'text', readonly value: string }
  | { readonly kind: 'number', readonly value: number }
  | { readonly kind: 'word', readonly value: string }
  | { readonly kind: 'sign', readonly value: string }

/** A statement is written by people; a longer one is refused. */
const maxLength = 4096

const pattern = /\s+|"((?:[^"\\]|\\.)*)"|(-?\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_]\w*)|(==|!=|<=|>=|[<>()[\],.=+*/-])/y

export function tokensOf (text: string): readonly Token[] {
  if (text.length > maxLength) throw new Untranslatable(`it is longer than ${maxLength} characters`)
  const tokens: Token[] = []
  for (let at = 0; at < text.length;) {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) throw new Untranslatable(`\`${text.slice(at, at + 20)}\` is not read here`)
    const [whole, quoted, number, word, sign] = found
    if (quoted !== undefined) tokens.push({ kind: 'text', value: unescaped(quoted) })
    else if (number !== undefined) tokens.push({ kind: 'number', value: Number(number) })
    else if (word !== undefined) tokens.push({ kind: 'word', value: word })
    else if (sign !== undefined) tokens.push({ kind: 'sign', value: sign })
    at += whole.length
  }
  return tokens
}

const unescaped = (text: string): string => text.replaceAll(/\\(.)/g, (_all, c: string) => c === 'n' ? '\n' : c === 't' ? '\t' : c)

/** Reads tokens one after the other. */
export class Tokens {
  #at = 0

  constructor (readonly list: readonly Token[]) {}

  get next (): Token | undefined { return this.list[this.#at] }
  get isAtEnd (): boolean { return this.#at >= this.list.length }

  take (): Token {
    const token = this.list[this.#at++]
    if (token === undefined) throw new Untranslatable('it ends too early')
    return token
  }

  /** Takes the next one when it is this sign or word. */
  accept (value: string): boolean {
    const { next } = this
    if (next === undefined || next.kind === 'text' || next.value !== value) return false
    this.#at += 1
    return true
  }

  expect (value: string): void {
    if (!this.accept(value)) throw new Untranslatable(`\`${value}\` is expected, found ${this.next === undefined ? 'the end' : `\`${String(this.next.value)}\``}`)
  }
}
