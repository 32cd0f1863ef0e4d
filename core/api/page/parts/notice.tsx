/** What a view shows when it has nothing else to show. */
import type { ComponentChildren } from 'preact'
import type { Problem } from '../data/problem.js'
import type { Resource } from '../data/resource.js'

export function Loading ({ what }: { readonly what: string }) {
  return <p class="notice loading" role="status"><span class="spinner" aria-hidden="true" /> Loading {what} …</p>
}

export function Empty ({ title, children }: { readonly title: string, readonly children?: ComponentChildren }) {
  return <div class="notice empty"><p class="notice-title">{title}</p>{children}</div>
}

export function Failure ({ problem, retry }: { readonly problem: Problem, readonly retry?: (() => void) | undefined }) {
  return (
    <div class="notice failure" role="alert">
      <p class="notice-title"><span aria-hidden="true">✕</span> {problem.title}</p>
      {problem.detail !== '' && <p>{problem.detail}</p>}
      {retry !== undefined && <button type="button" onClick={retry}>Try again</button>}
    </div>
  )
}

/** The answer, or why there is none. What was known before stays beside a failure. */
export function Answer<T> ({ of, what, children }: { readonly of: Resource<T>, readonly what: string, readonly children: (data: T) => ComponentChildren }) {
  return (
    <>
      {of.problem !== undefined && <Failure problem={of.problem} retry={of.reload} />}
      {of.data !== undefined ? children(of.data) : of.problem === undefined && <Loading what={what} />}
    </>
  )
}
