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
  const asked = queryText(query)
  const bearer = token.value
  useEffect(() => {
    if (path === undefined || !seen) return
    const ended = new AbortController()
    void follow<T>({ path, query, onMessage: message => { latest.current(message) }, onState: setState }, ended.signal)
    return () => { ended.abort() }
  }, [path, asked, seen, bearer])
  return state
}
