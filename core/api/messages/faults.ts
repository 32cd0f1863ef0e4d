/** Requests that cannot be answered because of what is in them. */
import { ApiError } from '../call.js'

/** `path` as in the request's proto file: `filter.entity.name`. */
export function badField (path: string, reason: string): ApiError { return new ApiError('INVALID_ARGUMENT', `${path} ${reason}`, { fields: [{ path, reason }] }) }
