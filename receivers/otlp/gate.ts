/**
 * How much may be under way at once, over both protocols: the receiver's memory bound. A request takes a place when its
 * head arrives and bytes as its body arrives; both are given back together when it is answered.
 *
 * When there is no room, the request that comes in slowest has to give way, if it is slow enough: a few hundred clients that
 * send a byte now and then would else keep all others out for as long as `read_timeout` lets them.
 *
 * While the process is short of memory there is room for fewer bytes; what is under way stays.
 */

import { roomUnder, type Pressure } from '../../core/pressure/pressure.js'

/** A request whose body is still coming in. */
export interface Incoming {
  /** Others have no room because of it: it is to be answered now, and to leave its place. */
  giveWay(): void
}

/** Slow is what brings less than this, on the whole: a 4 MiB message would take over four minutes. */
const slowBytesPerSecond = 16 * 1024
/** A client across the world may need so long between its head and its body. */
const graceMs = 250

export class Gate {
  #places: number
  #bytes = 0
  /** In the order they came. */
  readonly #reading = new Set<Place>()

  constructor (readonly maxRequests: number, readonly maxBytes: number, readonly onChange: (bytes: number) => void = () => {}, readonly now: () => number = () => performance.now(), readonly pressure?: Pressure) {
    this.#places = maxRequests
  }

  get bytes (): number { return this.#bytes }
  /** Most bytes at once, now. */
  get room (): number { return this.pressure === undefined ? this.maxBytes : roomUnder(this.pressure, this.maxBytes) }
  get requests (): number { return this.maxRequests - this.#places }

  /** A place, or undefined when all are taken. */
  enter (): Place | undefined {
    if (this.#places === 0 && !this.makeRoom()) return undefined
    this.#places--
    return new Place(this)
  }

  /** For Place alone: `n` more bytes (or fewer) are held, and a place is given back. */
  add (n: number, places = 0): void {
    this.#bytes += n
    this.#places += places
    this.onChange(this.#bytes)
  }

  /** For Place alone: its request is coming in, or is no longer. */
  reading (place: Place, still: boolean): void {
    if (still) this.#reading.add(place)
    else this.#reading.delete(place)
  }

  /** Whether a request, other than that of `except`, has given way. */
  makeRoom (except?: Place): boolean {
    const now = this.now()
    let slowest: Place | undefined
    let lowest = slowBytesPerSecond
    for (const place of this.#reading) {
      const ageMs = now - place.sinceMs
      // Those behind it are younger.
      if (ageMs < graceMs) break
      const rate = place.held * 1000 / ageMs
      if (rate < lowest && place !== except) { slowest = place; lowest = rate }
    }
    slowest?.giveWay()
    return slowest !== undefined
  }
}

export class Place {
  readonly sinceMs: number
  #held = 0
  #left = false
  #incoming: Incoming | undefined

  constructor (readonly gate: Gate) { this.sinceMs = gate.now() }

  get held (): number { return this.#held }

  /** The body of the request comes in, until `whole` or `leave`. */
  reads (incoming: Incoming): void {
    this.#incoming = incoming
    this.gate.reading(this, true)
  }

  /** From now on it is not the client who takes time. */
  whole (): void {
    if (this.#incoming === undefined) return
    this.#incoming = undefined
    this.gate.reading(this, false)
  }

  /**
   * Counts `n` more bytes for this request; false when that would be too many at once. One request alone always fits: its
   * own size limit bounds it, and refusing it for ever would help nobody.
   */
  take (n: number): boolean {
    if (this.#left) return false
    const { gate } = this
    while (gate.bytes + n > gate.room && gate.bytes > this.#held) if (!gate.makeRoom(this)) return false
    this.#held += n
    gate.add(n)
    return true
  }

  /** For Gate alone. */
  giveWay (): void {
    const incoming = this.#incoming
    this.leave()
    incoming?.giveWay()
  }

  /** Gives everything back; further calls do nothing. */
  leave (): void {
    if (this.#left) return
    this.#left = true
    this.whole()
    this.gate.add(-this.#held, 1)
  }
}
