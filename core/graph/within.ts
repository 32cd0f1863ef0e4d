/** Waits for `work`, at most `timeoutMs`. */
export async function within (work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => { timer = setTimeout(resolve, Math.max(0, timeoutMs)) })
  await Promise.race([work, late])
  clearTimeout(timer)
}
