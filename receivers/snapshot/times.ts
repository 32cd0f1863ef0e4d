/** Times in dumps: which of an object's say when something was, and how people's clocks write them. */

/** Members that hold a time that has passed when the object is read. Those of certificates and deadlines are not among them. */
const timeKeys: ReadonlySet<string> = new Set(['creationTimestamp', 'lastTransitionTime', 'lastHeartbeatTime', 'lastProbeTime', 'lastUpdateTime', 'firstTimestamp', 'lastTimestamp', 'deprecatedLastTimestamp', 'eventTime', 'lastObservedTime', 'startedAt', 'finishedAt', 'startTime', 'completionTime', 'renewTime', 'lastScheduleTime', 'startsAt', 'activeAt'])

/** The newest time in `value`, of those not after `latestMs`; -Infinity when there is none. */
export function newestTime (value: unknown, latestMs: number): number {
  let newestMs = -Infinity
  const waiting: unknown[] = [value]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue
    for (const [key, inner] of Object.entries(next)) {
      if (typeof inner === 'object' && inner !== null) waiting.push(inner)
      else if (typeof inner === 'string' && timeKeys.has(key)) {
        const ms = Date.parse(inner)
        if (ms <= latestMs && ms > newestMs) newestMs = ms
      }
    }
  }
  return newestMs
}

/** `2025-11-17T18:00:18+08:00` -> 480; undefined when the text has no offset of its own (`Z` says nothing of where people are). */
export function offsetMinutes (text: string): number | undefined {
  const match = /([+-])(\d{2}):?(\d{2})\s*$/.exec(text)
  return match === null ? undefined : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]))
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export interface LocalClock {
  /** Times without a zone are this far ahead of UTC. */
  readonly offsetMinutes: number
  /** Times without a year are in the year before this. */
  readonly collectedMs: number
}

/** `Nov 17 18:00:57` of syslog, or month and day of klog: the last such day before the dump was taken. */
export function withoutYear (month: number, day: number, clock: string, { offsetMinutes: offset, collectedMs }: LocalClock): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number)
  const year = new Date(collectedMs).getUTCFullYear()
  const at = (y: number): number => Date.UTC(y, month - 1, day, hours, minutes) + seconds * 1000 - offset * 60_000
  // A day of grace: the clocks of nodes differ.
  const thisYear = at(year + 1) <= collectedMs + 86_400_000 ? at(year + 1) : at(year)
  return thisYear <= collectedMs + 86_400_000 ? thisYear : at(year - 1)
}

export function monthNumber (name: string): number { return months.indexOf(name) + 1 }
