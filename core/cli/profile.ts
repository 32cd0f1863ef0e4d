/** CPU profiles on demand: SIGUSR2 starts one of the main thread, SIGUSR2 again writes it (open it in Chrome's DevTools). */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { fileMode, writeFlags } from '../files/safe-open.js'
import type { Logger } from '../telemetry/logger.js'

/** The returned function ends listening. */
export function profileOnSignal (logger: Logger): () => void {
  let session: Session | undefined
  let written = 0
  const start = (): Session => {
    const fresh = new Session()
    fresh.connect()
    fresh.post('Profiler.enable')
    fresh.post('Profiler.start')
    logger.info('CPU profile started; send SIGUSR2 again to write it', { pid: process.pid })
    return fresh
  }
  const finish = (running: Session): void => running.post('Profiler.stop', (error, result) => {
    running.disconnect()
    const file = `tapio-${process.pid}-${++written}.cpuprofile`
    try {
      if (error !== null) throw error
      writePrivate(file, JSON.stringify(result.profile))
      logger.info('CPU profile written', { file })
    } catch (cause) {
      logger.error('the CPU profile could not be written', { file, error: cause })
    }
  })
  const onSignal = (): void => {
    if (session === undefined) session = start()
    else { finish(session); session = undefined }
  }
  process.on('SIGUSR2', onSignal)
  return () => { process.off('SIGUSR2', onSignal); session?.disconnect() }
}

function writePrivate (file: string, text: string): void {
  const fd = openSync(file, writeFlags(file, 'w'), fileMode)
  try {
    writeFileSync(fd, text)
  } finally {
    closeSync(fd)
  }
}
