/** `node dist/test/plugin-path/main.js [TARBALL]`: the stranger's path with its transcript. Without a tarball Tapio is a link, and the plugin JavaScript. */
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stranger } from './stranger.js'

const [tarball] = process.argv.slice(2)
await stranger({
  repository: join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..'),
  language: tarball === undefined ? 'javascript' : 'typescript',
  ...(tarball === undefined ? {} : { tarball: resolve(tarball) }),
  print: text => { process.stdout.write(text) }
})
