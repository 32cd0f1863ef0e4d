/**
 * What a value in a pattern file may be, as data: reading with faults (read.ts) and the JSON Schema for editors (json-schema.ts)
 * both come from it.
 */
export type Shape =
  | { readonly is: 'text', readonly says?: string }
  /** A CEL expression. A scalar that YAML takes for a number or boolean is one too. */
  | { readonly is: 'expr' }
  /** Text with `{{expr}}` in it. */
  | { readonly is: 'words' }
  | { readonly is: 'duration' }
  | { readonly is: 'number', readonly min?: number, readonly max?: number }
  | { readonly is: 'flag' }
  | { readonly is: 'enum', readonly of: readonly string[] }
  /** A text with a rule of its own. `words`: what is known, for suggestions. */
  | { readonly is: 'checked', readonly what: string, readonly check: (text: string) => string | undefined, readonly words?: readonly string[] }
  | { readonly is: 'map', readonly fields: Fields }
  /** Any keys. `ordered`: values are computed in the order they are written. */
  | { readonly is: 'dict', readonly of: Shape }
  /** One value stands for a list of one. */
  | { readonly is: 'list', readonly of: Shape, readonly max: number, readonly orOne?: boolean }
  | { readonly is: 'condition' }
  /** One of several, told apart by what YAML it is: the first whose kind fits. */
  | { readonly is: 'either', readonly of: readonly Shape[] }
  /** Any value: a Kubernetes object. */
  | { readonly is: 'plain' }

export interface Field { readonly shape: Shape, readonly required?: true, readonly says: string }
export type Fields = Readonly<Record<string, Field>>

export const optional = (shape: Shape, says: string): Field => ({ shape, says })
export const required = (shape: Shape, says: string): Field => ({ shape, says, required: true })
