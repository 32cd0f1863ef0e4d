import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAllDocuments } from 'yaml'
import { resourceNames, watchables, type Watchable } from '../../core/kubernetes/watchable.js'

interface Rule { readonly apiGroups: readonly string[], readonly resources: readonly string[], readonly verbs: readonly string[] }

test('the manifest grants to list and watch what the receiver watches, and nothing else', () => {
  // dist/receivers/kubernetes -> configs
  const text = readFileSync(new URL('../../../configs/deploy/kubernetes-rbac.yaml', import.meta.url), 'utf8')
  const role = parseAllDocuments(text).map(d => d.toJS() as { kind: string, rules: readonly Rule[] }).find(d => d.kind === 'ClusterRole')
  const granted = (role?.rules ?? []).flatMap(({ apiGroups, resources, verbs }) => apiGroups.flatMap(g => resources.map(r => `${g}/${r} ${verbs.join(' ')}`)))
  const needed = resourceNames.flatMap(name => {
    const { type, fallback }: Watchable = watchables[name]
    return [type, ...(fallback === undefined ? [] : [fallback])].map(t => `${t.group}/${t.plural} list watch`)
  })
  assert.equal([...granted].sort(), [...new Set(needed)].sort())
})

test.run()
