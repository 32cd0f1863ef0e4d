/** For a test: a reader on a thread of its own, as that of the API. Answers each message with what it sees. */
import { parentPort, workerData } from 'node:worker_threads'
import { openStore } from '../open.js'

const store = await openStore(workerData as string, { readOnly: true, mayBeAbsent: true })
const port = parentPort as NonNullable<typeof parentPort>
let token = (await store.eventFeed({}, {})).token
const ends = new AbortController()

port.on('message', (wait: boolean) => {
  answer(wait).catch((error: unknown) => { port.postMessage(String(error)) })
})

async function answer (wait: boolean): Promise<void> {
  if (wait) await store.changed(30_000, ends.signal, token)
  const feed = await store.eventFeed({}, { after: token })
  token = feed.token
  port.postMessage(Array.from(feed.events, row => row.get('id')))
}

port.postMessage('open')
