import { loadAddon } from './addon.js'

/**
 * Gives back to the system what the allocator keeps of freed memory (some ms for 200 MiB); undefined where that cannot be asked for: without
 * the addon. Resident memory then stays near its peak, whatever is freed.
 */
export function memoryTrimmer (): (() => boolean) | undefined {
  const addon = loadAddon()
  return 'unavailable' in addon || addon.trimMemory === undefined ? undefined : () => addon.trimMemory()
}
