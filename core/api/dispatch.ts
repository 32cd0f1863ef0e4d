/**
 * One call from its decoded request to its answer, whatever carries it: admitted, checked, run, counted, audited. Carriers decode
 * before and encode after, and turn an ApiError into words of their protocol.
 */
import { create, getOption, type DescMethod, type Message } from '@bufbuild/protobuf'
import type { Logger } from '../telemetry/logger.js'
import type { Credentials, Gate } from './access/gate.js'
import { ApiError, type Call, type ScopeName, type ServedService, type UntypedMethod } from './call.js'
import { scope, Scope } from './gen/tapio/v1/options_pb.js'
import { checkRules } from './rules.js'

/** What is counted of each call; `code` is `OK` or an ApiCode. */
export interface CallRecorder {
  begin(method: DescMethod): void
  end(method: DescMethod, code: string, seconds: number): void
}

export interface DispatcherOptions {
  readonly services: readonly ServedService[]
  readonly gate: Gate
  readonly recorder: CallRecorder
  readonly logger: Logger
}

export class Dispatcher {
  readonly #methods = new Map<DescMethod, UntypedMethod>()

  constructor (readonly options: DispatcherOptions) {
    for (const { service, methods } of options.services) {
      for (const method of service.methods) this.#methods.set(method, (methods[method.localName] as UntypedMethod).bind(methods))
    }
  }

  get services (): readonly ServedService[] { return this.options.services }

  /** Of a method with one request and one response. Rejects with ApiError. */
  async unary (method: DescMethod, request: Message, credentials: Credentials, signal: AbortSignal): Promise<Message> {
    return this.#run(method, credentials, signal, request, async (run, call) => {
      throwIfUnfit(method, request)
      return create(method.output, await run(request as never, call) as Record<string, unknown>)
    })
  }

  /**
   * Of a method whose responses are a stream; `requests` of both kinds. The iteration rejects with ApiError. Leave it with `return`
   * (as `for await` does), so that the method lets go of what it holds.
   */
  async * stream (method: DescMethod, requests: Message | AsyncIterable<Message>, credentials: Credentials, signal: AbortSignal): AsyncGenerator<Message, void> {
    const many = Symbol.asyncIterator in requests
    const opened = this.#open(method, credentials, signal)
    let code = 'CANCELLED'
    try {
      if (!many) throwIfUnfit(method, requests)
      const answers = opened.run((many ? checked(method, requests) : requests) as never, opened.call) as AsyncIterable<Record<string, unknown>>
      for await (const answer of answers) yield create(method.output, answer)
      // A method may hear its signal and just return.
      signal.throwIfAborted()
      code = 'OK'
    } catch (error) {
      const failure = this.#failure(method, error, signal)
      code = failure.code
      throw failure
    } finally {
      opened.close(code, many ? undefined : requests)
    }
  }

  async #run<T> (method: DescMethod, credentials: Credentials, signal: AbortSignal, request: Message, act: (run: UntypedMethod, call: Call) => Promise<T>): Promise<T> {
    const { run, call, close } = this.#open(method, credentials, signal)
    try {
      const answer = await act(run, call)
      close('OK', request)
      return answer
    } catch (error) {
      const failure = this.#failure(method, error, signal)
      close(failure.code, request)
      throw failure
    }
  }

  #open (method: DescMethod, credentials: Credentials, signal: AbortSignal) {
    const { gate, recorder } = this.options
    const startedMs = performance.now()
    recorder.begin(method)
    const ended = (code: string): void => { recorder.end(method, code, (performance.now() - startedMs) / 1000) }
    try {
      const run = this.#methods.get(method)
      if (run === undefined) throw new ApiError('UNIMPLEMENTED', `this server has no ${method.parent.typeName}/${method.name}`)
      const admission = gate.enter(method, credentials)
      const call: Call = { caller: admission.caller, signal, method: `${method.parent.typeName}/${method.name}` }
      const close = (code: string, request: Message | undefined): void => {
        admission.end()
        ended(code)
        if (isChange(method)) gate.audit(method, admission.caller, request, code)
      }
      return { run, call, close }
    } catch (error) {
      ended(error instanceof ApiError ? error.code : 'INTERNAL')
      throw error
    }
  }

  #failure (method: DescMethod, error: unknown, signal: AbortSignal): ApiError {
    if (error instanceof ApiError) return error
    if (signal.aborted) return signal.reason instanceof ApiError ? signal.reason : new ApiError('CANCELLED', 'the call was given up')
    this.options.logger.error('a method of the API failed', { method: `${method.parent.typeName}/${method.name}`, error })
    return new ApiError('INTERNAL', 'the answer could not be made; the log of Tapio says why')
  }
}

export function scopeOf (method: DescMethod): ScopeName | undefined {
  return ({ [Scope.UNSPECIFIED]: undefined, [Scope.PUBLIC]: 'public', [Scope.READ]: 'read', [Scope.WRITE]: 'write', [Scope.ADMIN]: 'admin' } as const)[getOption(method, scope)]
}

function isChange (method: DescMethod): boolean {
  const needs = scopeOf(method)
  return needs === 'write' || needs === 'admin'
}

async function * checked (method: DescMethod, requests: AsyncIterable<Message>): AsyncGenerator<Message> {
  for await (const request of requests) {
    throwIfUnfit(method, request)
    yield request
  }
}

function throwIfUnfit (method: DescMethod, request: Message): void {
  const fields = checkRules(method.input, request)
  if (fields.length > 0) throw new ApiError('INVALID_ARGUMENT', fields.map(f => `${f.path} ${f.reason}`).join('; '), { fields })
}
