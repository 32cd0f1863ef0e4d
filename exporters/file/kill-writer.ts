/** For a test: writes batches through the exporter as fast as it can, tells what was accepted, and is killed in between. */
import { BatchBuilder } from '../../core/data/builder.js'
import { startExporter } from './start-for-test.js'

const [path, fsync] = process.argv.slice(2)
const { exporter } = await startExporter(path as string, { fsync: fsync as 'always' })
for (let serial = 0; ; serial++) {
  const builder = new BatchBuilder(200)
  for (let row = 0; row < 200; row++) builder.append({ name: String(serial), message: 'x'.repeat(300) })
  const outcome = await exporter.consume(builder.finish())
  if (outcome.status === 'accepted') process.stdout.write(`${serial}\n`)
}
