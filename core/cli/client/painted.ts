/** Lines with colours in them. */

/** The first `width` characters that are seen; colours that were begun are ended. Everything in it is one column wide. */
export function cutPainted (line: string, width: number): string {
  let [seen, out, isPainted] = [0, '', false]
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    if (part.startsWith('\u001b[')) {
      isPainted = true
      out += part
    } else {
      out += part.slice(0, Math.max(0, width - seen))
      seen += part.length
    }
  }
  return isPainted && seen > width ? `${out}\u001b[0m` : out
}
