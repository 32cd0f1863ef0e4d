/** A value as a tree that opens and closes. Everything in it is text: nothing is read as markup. */

export type JsonLike = string | number | boolean | null | undefined | readonly JsonLike[] | { readonly [name: string]: JsonLike }

function isTree (value: JsonLike): value is readonly JsonLike[] | { readonly [name: string]: JsonLike } { return typeof value === 'object' && value !== null }

function Leaf ({ value }: { readonly value: JsonLike }) {
  return <span class={`json-${value === null ? 'null' : typeof value}`}>{typeof value === 'string' ? value : String(value)}</span>
}

export function Json ({ value, name, open = true }: { readonly value: JsonLike, readonly name?: string, readonly open?: boolean }) {
  if (!isTree(value)) return <div class="json-row">{name !== undefined && <span class="json-name">{name}</span>} <Leaf value={value} /></div>
  const entries = Object.entries(value)
  const inside = <div class="json-inside">{entries.map(([key, inner]) => <Json key={key} name={key} value={inner as JsonLike} open={entries.length < 12} />)}</div>
  if (name === undefined) return <div class="json">{inside}</div>
  return <details class="json-tree" open={open}><summary><span class="json-name">{name}</span> <span class="dim">{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</span></summary>{inside}</details>
}
