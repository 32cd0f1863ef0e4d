/** Counts the steps of one evaluation. One for the thread: evaluations do not overlap. */
const stepsOfRun = 5

class Meter {
  #left = 0
  /** Steps of all evaluations so far. */
  spent = 0

  begin (steps: number): void {
    this.spent += stepsOfRun
    this.#left = steps
  }

  step (): true {
    this.spend(1)
    return true
  }

  /** A function that goes through `steps` things says so. */
  spend (steps: number): void {
    this.spent += steps
    this.#left -= steps
    if (this.#left < 0) throw tooLong
  }
}

/** Made once: a loop that is over its limit throws it at every turn. */
const tooLong = new Error('the expression takes too many steps')

export const meter = new Meter()
