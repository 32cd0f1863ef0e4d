import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { confidenceWords, dateMinute, dateTime, exactPercent, longDuration, number, offset, percent, shortDuration } from './words.js'

const test = suite('words')

const same = (what: string, of: (n: number) => string, rows: readonly (readonly [number, string])[]): void => {
  test(what, () => { assert.equal(rows.map(([n]) => [n, of(n)]), rows) })
}

same('durations in words', longDuration, [[0, '0 seconds'], [400, '0.4 seconds'], [1000, '1 second'], [1040, '1 second'], [9949, '9.9 seconds'], [9951, '10 seconds'], [12_000, '12 seconds'], [59_600, '1 minute'],
  [65_000, '1 minute 5 seconds'], [3_600_000, '1 hour'], [3_660_001, '1 hour 1 minute'], [90_061_000, '1 day 1 hour'], [86_405_000, '1 day'], [-5, '0 seconds'], [NaN, 'unknown'], [Infinity, 'unknown']])
same('durations with units', shortDuration, [[9000, '9 s'], [80_000, '1 min 20 s'], [7_260_000, '2 h 1 min']])
same('offsets', offset, [[0, '+0 s'], [1200, '+1.2 s'], [-300, '-0.3 s'], [-75_000, '-1 min 15 s']])
same('shares', percent, [[0, '0 %'], [0.5, '50 %'], [0.994, '99 %'], [0.997, '99.7 %'], [0.9999, '99.9 %'], [1, '100 %'], [1.2, '120 %'], [NaN, 'unknown']])
same('targets', exactPercent, [[0.999, '99.9 %'], [0.9995, '99.95 %'], [0.5, '50 %'], [NaN, 'unknown']])
same('confidences', confidenceWords, [[1, 'Very High'], [0.95, 'Very High'], [0.949, 'High'], [0.8, 'High'], [0.6, 'Medium'], [0.59, 'Low'], [0.4, 'Low'], [0.39, 'Very Low'], [NaN, 'Very Low']])
same('counts', number, [[0, '0'], [999, '999'], [1000, '1,000'], [1_234_567, '1,234,567']])
same('times', dateTime, [[0, '1970-01-01 00:00:00 UTC'], [NaN, 'unknown'], [1e20, 'unknown']])
same('times to the minute', dateMinute, [[1_769_828_400_999, '2026-01-31 03:00']])

test.run()
