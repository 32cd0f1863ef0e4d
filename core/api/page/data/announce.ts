/** What a screen reader says by itself, and what is shown for some seconds. */
import { signal } from '@preact/signals'

export const announced = signal('')

export function announce (text: string): void {
  // The same words twice would not be said twice.
  announced.value = announced.value === text ? `${text}\u00a0` : text
}
