/** When a server says to come back: google.rpc.RetryInfo among the details of a status (https://google.aip.dev/193). */
import { fromBinary } from '@bufbuild/protobuf'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js'
import { StatusSchema } from '../gen/google/rpc/status_pb.js'

/** Milliseconds; undefined when it does not say. `details`: the value of `grpc-status-details-bin`. Never throws. */
export function retryDelayMs (details: string | Buffer | undefined): number | undefined {
  if (!Buffer.isBuffer(details)) return undefined
  try {
    const delay = fromBinary(StatusSchema, details).details.map(any => anyUnpack(any, RetryInfoSchema)).find(info => info !== undefined)?.retryDelay
    return delay === undefined ? undefined : Number(delay.seconds) * 1000 + delay.nanos / 1e6
  } catch {
    // Whatever it is, it is no such thing: the status is told without it.
    return undefined
  }
}
