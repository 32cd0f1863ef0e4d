/** An answer that is an error (RFC 9457), or none at all. */
export class Problem extends Error {
  constructor (
    /** HTTP's; 0: the API was not reached. */
    readonly status: number,
    readonly title: string,
    /** What was found, what was expected, what to do. */
    readonly detail: string,
    readonly retryAfterMs: number | undefined = undefined
  ) { super(detail === '' ? title : detail) }

  /** Trying again may help, without anybody changing anything. */
  get passing (): boolean { return this.status === 0 || this.status === 429 || this.status >= 502 }
}

interface ProblemBody { readonly title?: unknown, readonly detail?: unknown, readonly status?: unknown }

const text = (value: unknown, otherwise: string): string => typeof value === 'string' ? value : otherwise

export function problemOfBody (body: unknown, status: number, retryAfterMs?: number): Problem {
  const { title, detail, status: said } = (typeof body === 'object' && body !== null ? body : {}) as ProblemBody
  return new Problem(typeof said === 'number' ? said : status, text(title, `HTTP ${status}`), text(detail, ''), retryAfterMs)
}

/** Reads the body of an answer that is none of 200 to 299. */
export async function problemOf (response: Response): Promise<Problem> {
  const seconds = Number(response.headers.get('retry-after') ?? NaN)
  const body = await response.json().catch(() => undefined) as unknown
  return problemOfBody(body, response.status, Number.isFinite(seconds) ? seconds * 1000 : undefined)
}

export function problemOfError (error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem(0, 'Tapio was not reached', 'Is it running, and is the way to it open? This page goes on trying.')
}
