/** From a request's method and path to the rpc it means. */
import type { DescService } from '@bufbuild/protobuf'
import { bindingsOf, type Binding } from './bindings.js'
import { HttpError } from './problem.js'
import { matchTemplate, weightOf } from './template.js'

export interface Route extends Binding {
  /** Path variables by the proto file's field names. */
  readonly variables: ReadonlyMap<string, string>
}

export class Routes {
  /** Those that say more first. */
  readonly #bindings: readonly Binding[]

  constructor (services: readonly DescService[]) {
    this.#bindings = [...bindingsOf(services)].sort((a, b) => weightOf(b.template) - weightOf(a.template))
  }

  /** Throws HttpError: 400 for a path that cannot be decoded, 404, 405 with what is allowed. */
  find (verb: string, path: string): Route {
    const segments = decodeSegments(path)
    const fitting = this.#fitting(segments)
    if (fitting.length === 0) throw new HttpError(404, 'NOT_FOUND', `there is nothing at ${shortened(path)}; /openapi.json lists what is`)
    const wanted = verb === 'HEAD' ? 'GET' : verb
    const route = fitting.find(r => r.verb === wanted)
    // The head of a stream would have to run it.
    if (route === undefined || (verb === 'HEAD' && route.method.methodKind !== 'unary')) throw notAllowed(verb, path, allowedOf(fitting))
    return route
  }

  /** For `Allow`; empty: there is nothing at this path. */
  allowed (path: string): readonly string[] { return allowedOf(this.#fitting(decodeSegments(path))) }

  #fitting (segments: readonly string[]): readonly Route[] {
    return this.#bindings.flatMap(binding => {
      const variables = matchTemplate(binding.template, segments)
      return variables === undefined ? [] : [{ ...binding, variables }]
    })
  }
}

export function notAllowed (verb: string, path: string, allowed: readonly string[]): HttpError {
  return new HttpError(405, 'UNIMPLEMENTED', `${shortened(path)} takes ${allowed.join(', ')}, not ${verb}`, { allow: allowed.join(', ') })
}

function allowedOf (routes: readonly Route[]): readonly string[] {
  if (routes.length === 0) return []
  return [...new Set([...routes.flatMap(r => r.verb === 'GET' && r.method.methodKind === 'unary' ? ['GET', 'HEAD'] : [r.verb]), 'OPTIONS'])]
}

function decodeSegments (path: string): readonly string[] {
  try {
    return path.slice(1).split('/').map(decodeURIComponent)
  } catch {
    throw new HttpError(400, 'INVALID_ARGUMENT', `the path ${shortened(path)} is not percent-encoded UTF-8`)
  }
}

const shortened = (path: string): string => path.length > 200 ? `${path.slice(0, 200)}…` : path
