/** What no change may fall below, as shares; the lead raises them as Tapio gets better. Of the plain variation, all scenarios but in the short form. */
export const minimums = {
  /** Subject and cause of the best hypothesis. */
  rootCause: 0.9,
  rootSubject: 0.9,
  edgePrecision: 0.85,
  edgeRecall: 0.85,
  affectedPrecision: 0.9,
  affectedRecall: 0.85
} as const

/** False alarms on six healthy minutes. */
export const maxFalseAlarms = 0

/** What the short form asks; every layer is there. */
export const shortForm: readonly string[] = ['container memory limit', 'node runs out of memory', 'kubelet is down', 'network policy blocks traffic', 'cluster DNS crashes', 'selector of a Service is wrong', 'rollout of an image that is not there', 'database is slow']
