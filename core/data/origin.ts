/** Where a batch came from: of the connection, not of the telemetry. Receivers set it, processors next to them use it. */
export interface Origin {
  /** The peer's IP address, without port. */
  readonly address?: string
  /** Headers (HTTP) or metadata (gRPC) the receiver was told to keep, names in lower case. Credentials are never among them. */
  readonly metadata?: Readonly<Record<string, readonly string[]>>
}

export function sameOrigin (a: Origin | undefined, b: Origin | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && originKey(a) === originKey(b))
}

/** Equal for equal origins. */
export function originKey (origin: Origin): string {
  return JSON.stringify([origin.address ?? null, Object.entries(origin.metadata ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))])
}
