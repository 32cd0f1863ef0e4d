/** What ends a call that failed: gRPC's code and words, with google.rpc details in `grpc-status-details-bin` where there are some. */
import { create, toBinary } from '@bufbuild/protobuf'
import { anyPack, type Any } from '@bufbuild/protobuf/wkt'
import { Metadata, type StatusObject } from '@grpc/grpc-js'
import { ApiError, apiCodes } from '../call.js'
import { BadRequestSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js'
import { StatusSchema } from '../gen/google/rpc/status_pb.js'

/** A header block that is larger than clients take would lose the whole status. */
const maxMessageLength = 1024
const maxDetailBytes = 4096

/** Of an error that is no ApiError nothing is told. */
export function statusOf (error: unknown): StatusObject {
  const { code: name, message, more } = error instanceof ApiError ? error : new ApiError('INTERNAL', 'the call failed')
  const code = apiCodes[name]
  const details = headerText(message)
  return { code, details, metadata: withDetails(code, details, detailsOf(more)) }
}

function headerText (text: string): string {
  return wellFormed(text.length > maxMessageLength ? `${text.slice(0, maxMessageLength)}…` : text)
}

function detailsOf ({ retryAfterMs, fields = [] }: ApiError['more']): Any[] {
  const details: Any[] = []
  if (retryAfterMs !== undefined) details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: durationOf(retryAfterMs) })))
  if (fields.length > 0) {
    const fieldViolations = fields.map(({ path, reason }) => ({ field: wellFormed(path), description: wellFormed(reason) }))
    const badRequest = anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations }))
    if (badRequest.value.length <= maxDetailBytes) details.push(badRequest)
  }
  return details
}

function withDetails (code: number, message: string, details: readonly Any[]): Metadata {
  const metadata = new Metadata()
  if (details.length > 0) metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message, details: [...details] }))))
  return metadata
}

function durationOf (ms: number): { seconds: bigint, nanos: number } {
  const whole = Math.ceil(ms)
  return { seconds: BigInt(Math.floor(whole / 1000)), nanos: whole % 1000 * 1_000_000 }
}

/** Without halves of surrogate pairs, at which grpc-js throws. */
const wellFormed = (text: string): string => Buffer.from(text).toString()
