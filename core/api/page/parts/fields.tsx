import { useState } from 'preact/hooks'

/** A choice with its name for assistive technology; `options`: value and words. */
export function Select ({ label, value, options, onChange }: { readonly label: string, readonly value: string, readonly options: readonly (readonly [string, string])[], readonly onChange: (value: string) => void }) {
  const known = options.some(([v]) => v === value)
  return (
    <label><span class="off-screen">{label}</span>
      <select value={value} onChange={event => { onChange(event.currentTarget.value) }}>
        {!known && <option value={value}>{value}</option>}
        {options.map(([v, words]) => <option key={v} value={v}>{words}</option>)}
      </select>
    </label>
  )
}

/** One of a few ways to look at the same thing. */
export function Choice<V extends string> ({ label, value, options, onChange }: { readonly label: string, readonly value: V, readonly options: readonly (readonly [V, string])[], readonly onChange: (value: V) => void }) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([v, words]) => <button key={v} type="button" class="small" aria-pressed={v === value} onClick={() => { onChange(v) }}>{words}</button>)}
    </div>
  )
}

/** Words that count once Enter is pressed or the field is left. Until then the page, which is drawn anew with everything that comes in, leaves them alone. */
export function SearchField ({ label, placeholder, value, id, class: className, onChange }: { readonly label: string, readonly placeholder: string, readonly value: string, readonly id?: string, readonly class?: string, readonly onChange: (value: string) => void }) {
  const [typed, setTyped] = useState<string>()
  const commit = (words: string): void => {
    setTyped(undefined)
    onChange(words)
  }
  return (
    <label class={className}><span class="off-screen">{label}</span>
      <input id={id} type="search" placeholder={placeholder} value={typed ?? value} onInput={event => { setTyped(event.currentTarget.value) }} onChange={event => { commit(event.currentTarget.value) }} autocomplete="off" spellcheck={false} />
    </label>
  )
}
