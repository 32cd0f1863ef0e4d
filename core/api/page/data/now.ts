/** The reader's clock, turning once a second while the page is seen: ages follow it. */
import { signal } from '@preact/signals'

export const now = signal(Date.now())

setInterval(() => { if (document.visibilityState !== 'hidden') now.value = Date.now() }, 1000)
