/** Numbers of documents as fields of messages: protobuf refuses what does not fit, and one odd number must not cost a whole answer. */

const maxU32 = 0xffff_ffff
const maxU64 = 0xffff_ffff_ffff_ffffn

/** Cut to a whole number from 0 to 2^32 - 1. */
export function u32 (value: number): number { return Number.isNaN(value) ? 0 : Math.trunc(Math.min(maxU32, Math.max(0, value))) }

/** Cut to a whole number from 0 to 2^64 - 1. */
export function u64 (value: number | bigint): bigint {
  if (typeof value === 'bigint') return value < 0n ? 0n : value > maxU64 ? maxU64 : value
  if (!(value > 0)) return 0n
  return value >= 2 ** 64 ? maxU64 : BigInt(Math.trunc(value))
}
