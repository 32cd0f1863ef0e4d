import type { ConfigFault } from '../../core/component/factory.js'
import { accessFaults } from '../../core/kubernetes/access-options.js'
import { fieldRule } from './tags.js'
import type { Association, Field, K8sAttributesConfig } from './config.js'

export function configFaults (config: K8sAttributesConfig): ConfigFault[] {
  const { extract, filter } = config
  const faults = config.pod_association.flatMap((a, i) => associationFaults(a, ['pod_association', i, 'sources']))
  faults.push(...extract.labels.flatMap((f, i) => fieldFaults(f, ['extract', 'labels', i])), ...extract.annotations.flatMap((f, i) => fieldFaults(f, ['extract', 'annotations', i])))
  if (filter.node !== '' && filter.node_from_env_var !== '') faults.push({ path: ['filter'], message: 'give `node` or `node_from_env_var`, not both' })
  faults.push(...accessFaults(config))
  return faults
}

/** Some sources only confirm: a node has many pods, and a name is one in its namespace only. */
function associationFaults ({ sources }: Association, path: (string | number)[]): ConfigFault[] {
  const faults: ConfigFault[] = sources.flatMap((s, i) => {
    if (s.from === 'connection') return s.name === undefined ? [] : [{ path: [...path, i, 'name'], message: '`name` does not apply to `from: connection`' }]
    return s.name === undefined ? [{ path: [...path, i], message: '`from: resource_attribute` needs a `name`' }] : []
  })
  const names = new Set<string>(sources.map(s => s.from === 'connection' ? 'ip' : s.name ?? ''))
  const alone = ['k8s.pod.uid', 'k8s.pod.ip', 'ip', 'container.id'].some(n => names.has(n))
  if (faults.length === 0 && !alone && !(names.has('k8s.pod.name') && names.has('k8s.namespace.name'))) faults.push({ path, message: `${[...names].map(n => `\`${n}\``).join(' and ')} cannot tell one pod from others; add one of k8s.pod.uid, k8s.pod.ip, container.id, connection, or both k8s.namespace.name and k8s.pod.name` })
  return faults
}

function fieldFaults (field: Field, path: (string | number)[]): ConfigFault[] {
  if ((field.key === undefined) === (field.key_regex === undefined)) return [{ path, message: `needs \`key\` or \`key_regex\`${field.key === undefined ? '' : ', not both'}` }]
  try {
    fieldRule(field, '')
    return []
  } catch (error) {
    return [{ path: [...path, 'key_regex'], message: (error as Error).message }]
  }
}
