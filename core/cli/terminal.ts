/** A terminal that a command draws on: its size, its keys. A test gives its own. */

export interface Size { readonly columns: number, readonly rows: number }

export interface TerminalEvents {
  /** One key: its character. */
  key(key: string): void
  resize(): void
}

export interface Terminal {
  readonly size: Size
  write(text: string): void
  /** Takes keys as they are pressed, Ctrl-C too, until the returned function is called. */
  listen(events: TerminalEvents): () => void
}

/** This process's own. Without keys when its input is something else. */
export class ProcessTerminal implements Terminal {
  get size (): Size { return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 } }

  write (text: string): void { process.stdout.write(text) }

  listen ({ key, resize }: TerminalEvents): () => void {
    const onData = (data: Buffer): void => { for (const character of data.toString('latin1')) key(character) }
    process.stdout.on('resize', resize)
    const { stdin } = process
    if (stdin.isTTY !== true) return () => { process.stdout.off('resize', resize) }
    stdin.setRawMode(true).on('data', onData).resume()
    return () => {
      process.stdout.off('resize', resize)
      stdin.off('data', onData).setRawMode(false).pause()
    }
  }
}
