import type { ConfigFault } from '../../core/component/factory.js'
import { fieldOf } from '../../core/match/fields.js'
import type { RateLimiterConfig } from './config.js'

/** What the schema cannot say. */
export function configFaults ({ rate, burst, bytes_rate: bytesRate, bytes_burst: bytesBurst, key }: RateLimiterConfig): ConfigFault[] {
  const faults: ConfigFault[] = []
  if (rate === 0 && bytesRate === 0) faults.push({ path: ['rate'], message: '`rate` and `bytes_rate` are both 0, so nothing is limited; give one of them, or leave the processor out' })
  if (rate === 0 && burst !== undefined) faults.push({ path: ['burst'], message: '`burst` has no meaning with `rate: 0`' })
  if (bytesRate === 0 && bytesBurst !== undefined) faults.push({ path: ['bytes_burst'], message: '`bytes_burst` has no meaning without `bytes_rate`' })
  key.forEach((name, i) => {
    const field = fieldOf(name)
    if (typeof field === 'string') faults.push({ path: ['key', i], message: field })
  })
  return faults
}
