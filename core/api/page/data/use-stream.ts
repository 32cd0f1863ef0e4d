/** A stream of a view: followed while the view is there and the tab is seen, as browsers allow six connections to a server. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { follow, type StreamState } from './stream.js'
import { queryText, type Query } from './query.js'
import { token } from './token.js'

function useSeen (): boolean {
  const [seen, setSeen] = useState(document.visibilityState !== 'hidden')
  useEffect(() => {
    const change = (): void => { setSeen(document.visibilityState !== 'hidden') }
    document.addEventListener('visibilitychange', change)
    return () => { document.removeEventListener('visibilitychange', change) }
  }, [])
  return seen
}

/** `path` undefined: nothing is followed. */
export function useStream<T> (path: string | undefined, query: Query, onMessage: (message: T) => void): StreamState {
  const [state, setState] = useState<StreamState>({ kind: 'connecting' })
  const latest = useRef(onMessage)
  latest.current = onMessage
  const seen = useSeen()
  const [life, setLife] = useState(0)
  const asked = queryText(query)
  const bearer = token.value
  useEffect(() => {
    if (path === undefined || !seen) return
    const ended = new AbortController()
    void follow<T>({ path, query, onMessage: message => { latest.current(message) }, onState: setState }, ended.signal)
    // A page that was left may be kept for the back button, with its connections: some of them, and the browser has none for the next page.
    const leave = (): void => { ended.abort() }
    const comeBack = (event: PageTransitionEvent): void => { if (event.persisted) setLife(n => n + 1) }
    addEventListener('pagehide', leave)
    addEventListener('pageshow', comeBack)
    return () => { ended.abort(); removeEventListener('pagehide', leave); removeEventListener('pageshow', comeBack) }
  }, [path, asked, seen, bearer, life])
  return state
}
