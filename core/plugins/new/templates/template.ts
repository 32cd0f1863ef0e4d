/** The files of a new plugin that depend on what kind of component it has. */

export interface Names {
  /** Of the package. */
  readonly name: string
  /** Of the component, as YAML names it. */
  readonly type: string
  /** The range of Tapio it is made for. */
  readonly range: string
}

/** In `source` and `test`, what is between « and » is there in TypeScript only. */
export interface Template {
  readonly summary: string
  source (names: Names): string
  test (names: Names): string
  /** A configuration to run it with. */
  config (names: Names): string
  /** How to see that it works, while it runs. */
  readonly tryIt: string
}

/** `text` in one of the languages. */
export function inLanguage (text: string, language: 'typescript' | 'javascript'): string {
  return language === 'typescript' ? text.replaceAll(/[«»]/g, '') : text.replaceAll(/«[^»]*»/g, '')
}
