/** The configurations that are migrated in these tests: written for them, and real ones of others (see ../README.md). */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Of the sources, not of dist/. */
export const room = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'test', 'migrate')

export interface ConfigFile { readonly name: string, readonly text: string }

export interface PublicConfig extends ConfigFile { readonly repo: string, readonly path: string, readonly commit: string, readonly licence: string }

interface Indexed extends Omit<PublicConfig, 'text'> { readonly characters: number, readonly sha256: string }

/** Where the real ones are kept: they are other people's, so they are not in the repository. */
export const corpusFolder = process.env['TAPIO_MIGRATE_CORPUS'] ?? join(room, 'corpus')

export const index = JSON.parse(readFileSync(join(room, 'corpus.json'), 'utf8')) as readonly Indexed[]

export function ownConfigs (): readonly ConfigFile[] {
  const folder = join(room, 'configs')
  return readdirSync(folder).filter(f => f.endsWith('.yaml')).sort().map(f => ({ name: f.slice(0, -'.yaml'.length), text: readFileSync(join(folder, f), 'utf8') }))
}

/** Those of the index that are here. Throws for one that is not what the index says. */
export function publicConfigs (): readonly PublicConfig[] {
  return index.filter(({ name }) => existsSync(join(corpusFolder, `${name}.yaml`))).map(({ characters: _characters, sha256, ...origin }) => {
    const bytes = readFileSync(join(corpusFolder, `${origin.name}.yaml`))
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new Error(`${corpusFolder}/${origin.name}.yaml is not what corpus.json says`)
    return { ...origin, text: bytes.toString('utf8') }
  })
}
