/** The YAML library's error codes in plain words. Its own texts may quote the source, which may hold a secret. */
import type { FaultCode } from './fault-codes.js'

interface SyntaxWords { readonly code: FaultCode; readonly message: string; readonly help: string | undefined }

const table: Readonly<Record<string, readonly [message: string, help?: string]>> = {
  ALIAS_PROPS: ['an alias can have no tag or anchor of its own'],
  BAD_ALIAS: ['an alias needs a name: `*name`', 'a text that starts with * or & must be quoted'],
  BAD_DIRECTIVE: ['a line that starts with % is no known directive', 'a text that starts with % must be quoted'],
  BAD_DQ_ESCAPE: ['there is an unknown escape in a double-quoted text', 'write \\\\ for a backslash, or use single quotes'],
  BAD_INDENT: ['the indentation does not fit the lines above', 'the keys of one map start in the same column'],
  BAD_PROP_ORDER: ['an anchor or tag stands in the wrong place', 'it comes right before its value'],
  BAD_SCALAR_START: ['a text cannot start with this character unless it is quoted', 'put it in quotes'],
  BLOCK_AS_IMPLICIT_KEY: ['a map cannot start on the line of another key', 'a text that holds ": " must be quoted; a nested map starts on the next line'],
  BLOCK_IN_FLOW: ['inside { } or [ ] only { } and [ ] can nest', 'close the bracket, or write the whole value in lines'],
  IMPOSSIBLE: ['this cannot be read as YAML'],
  KEY_OVER_1024_CHARS: ['a key is longer than 1024 characters'],
  MISSING_CHAR: ['something is missing here: a quote, a bracket, a comma or a space after a colon', 'check the quotes and brackets of this line and the lines above'],
  MULTILINE_IMPLICIT_KEY: ['a key must stand on one line and be followed by a colon', 'check that the line before ends as it should, and that this one has `key: value`'],
  MULTIPLE_ANCHORS: ['a value can have one anchor only'],
  MULTIPLE_TAGS: ['a value can have one tag only'],
  MULTIPLE_DOCS: ['the file holds more than one YAML document'],
  NON_STRING_KEY: ['a key must be text'],
  TAB_AS_INDENT: ['a tab is used for indentation', 'YAML indents with spaces'],
  TAG_RESOLVE_FAILED: ['the value does not fit its tag, or the tag is not known', 'remove the `!tag`'],
  UNEXPECTED_TOKEN: ['this character is not expected here', 'check the quotes, brackets and indentation of this line and the one above'],
  BAD_COLLECTION_TYPE: ['the value does not fit its tag']
}

export function syntaxWords (libraryCode: string): SyntaxWords {
  if (libraryCode === 'RESOURCE_EXHAUSTION') return { code: 'CFG007', message: 'the document is nested too deep', help: undefined }
  const [message, help] = table[libraryCode] ?? ['this cannot be read as YAML']
  return { code: 'CFG004', message, help }
}
