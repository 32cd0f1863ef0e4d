import { useEffect, useState } from 'preact/hooks'
import { announce } from '../data/announce.js'

/** The clipboard API is for secure pages alone: over plain HTTP to another machine the old way is left. */
async function copy (text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.className = 'off-screen'
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}

/** `text`: what is copied, or how to get it. */
export function CopyButton ({ text, label, what }: { readonly text: string | (() => Promise<string>), readonly label?: string, readonly what: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | undefined>()
  useEffect(() => {
    if (outcome === undefined) return
    const timer = setTimeout(() => { setOutcome(undefined) }, 2000)
    return () => { clearTimeout(timer) }
  }, [outcome])
  const act = async (): Promise<void> => {
    const done = await (async () => await copy(typeof text === 'string' ? text : await text()))().catch(() => false)
    setOutcome(done ? 'copied' : 'failed')
    announce(done ? `${what} copied` : `${what} could not be copied`)
  }
  const words = outcome === 'copied' ? '✓ copied' : outcome === 'failed' ? '✕ not copied' : label ?? 'copy'
  return <button type="button" class={`small copy ${outcome ?? ''}`} aria-label={`Copy ${what}`} onClick={() => { void act() }}>{words}</button>
}
