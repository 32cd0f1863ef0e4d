/**
 * A YAML text in parts that can be read one by one: its documents, and the items of the lists that kubectl and must-gather write
 * (`items:` with its dashes in the first column). The library needs some eighty bytes of memory a byte of text, and holds up its
 * thread meanwhile. In block style nothing but a document, a key or an item of the top begins in the first column.
 */
export interface YamlPart { readonly text: string, /** Of the list it is an item of: its kind, '' when that is `List`. */ readonly kind: string }

export function * yamlParts (text: string): Generator<YamlPart> {
  for (const document of text.replace(/^%.*$/gm, '').split(/^---(?=\s|$)/m)) {
    const items = /^items:[ \t]*\r?\n(?=- )/m.exec(document)
    if (items === null) yield { text: document, kind: '' }
    else yield * itemsOf(document, items.index + items[0].length)
  }
}

function * itemsOf (document: string, from: number): Generator<YamlPart> {
  const end = /^[^\s#-]/m.exec(document.slice(from))
  const list = end === null ? document.slice(from) : document.slice(from, from + end.index)
  const kind = /^kind:[ \t]*["']?(\w+)List["']?[ \t]*$/m.exec(document)?.[1] ?? ''
  // The dash becomes a space: what remains is one mapping, indented by two.
  for (const item of list.split(/^-(?= )/m)) if (item.trim() !== '') yield { text: ` ${item}`, kind }
}
