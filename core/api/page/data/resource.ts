/** A question of a view: asked when its words change, given up when the view goes. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { problemOfError, type Problem } from './problem.js'
import { token } from './token.js'

export interface Resource<T> {
  /** Of the last question that was answered; an older one stays while the next is under way. */
  readonly data: T | undefined
  readonly problem: Problem | undefined
  readonly loading: boolean
  reload(): void
}

/** `key`: the question in words; undefined: none yet. Answers of other questions are forgotten unless `keep`. */
export function useResource<T> (key: string | undefined, load: (signal: AbortSignal) => Promise<T>, keep = false): Resource<T> {
  const [state, setState] = useState<{ readonly key?: string | undefined, readonly data?: T, readonly problem?: Problem, readonly loading: boolean }>({ loading: true })
  const [turn, setTurn] = useState(0)
  const latest = useRef(load)
  latest.current = load
  const bearer = token.value
  useEffect(() => {
    if (key === undefined) return
    const ended = new AbortController()
    setState(old => ({ ...(keep || old.key === key ? old : {}), key, loading: true }))
    latest.current(ended.signal).then(
      data => { if (!ended.signal.aborted) setState({ key, data, loading: false }) },
      (error: unknown) => { if (!ended.signal.aborted) setState(old => ({ ...old, problem: problemOfError(error), loading: false })) }
    )
    return () => { ended.abort() }
  }, [key, turn, bearer])
  const reload = useCallback(() => { setTurn(n => n + 1) }, [])
  const mine = keep || state.key === key
  return { data: mine ? state.data : undefined, problem: mine ? state.problem : undefined, loading: key !== undefined && (state.loading || !mine), reload }
}
