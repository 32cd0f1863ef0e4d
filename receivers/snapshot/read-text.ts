/** Files as text, never more than asked for. */
import { open } from 'node:fs/promises'

export interface Text { readonly text: string, /** Its beginning was left out. */ readonly cut: boolean }

/** The last `maxBytes`, from the first whole line on. */
export async function readEnd (path: string, maxBytes: number): Promise<Text> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const from = Math.max(0, size - maxBytes)
    const bytes = Buffer.alloc(Math.min(size, maxBytes))
    let read = 0
    while (read < bytes.length) {
      const { bytesRead } = await file.read(bytes, read, bytes.length - read, from + read)
      if (bytesRead === 0) break
      read += bytesRead
    }
    const text = bytes.toString('utf8', 0, read)
    return from === 0 ? { text, cut: false } : { text: text.slice(text.indexOf('\n') + 1), cut: true }
  } finally {
    await file.close()
  }
}
