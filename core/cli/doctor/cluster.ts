/** The API server of a cluster: reached as the configuration says, and allowed what its components ask for. */
import { systemClock } from '../../component/clock.js'
import { AccessFault } from '../../kubernetes/access.js'
import { accessOf, type AccessConfig } from '../../kubernetes/access-options.js'
import { ApiClient, ApiError, defaultLimits } from '../../kubernetes/api-client.js'
import { watchables, type ResourceName, type Watchable } from '../../kubernetes/watchable.js'
import { sectionOf } from '../../config/shape.js'
import { nullLogger } from './null-logger.js'
import { fault, ok, warning, type Check, type Finding, type Patient } from './finding.js'

export const clusterChecks: readonly Check[] = [{ area: 'cluster', name: 'cluster', run: cluster }]

interface ClusterConfig extends AccessConfig { readonly resources?: readonly ResourceName[], readonly namespaces?: readonly string[] }

/** Components with the options of core/kubernetes/access-options.ts. */
async function cluster ({ prepared, signal }: Patient): Promise<Finding[]> {
  const users = prepared?.config.components.filter(c => c.used && typeof c.config === 'object' && c.config !== null && 'auth_type' in c.config && 'kubeconfig' in c.config) ?? []
  return (await Promise.all(users.map(({ id, config }) => access(`${sectionOf[id.kind]}.${id.text}`, config as ClusterConfig, signal)))).flat()
}

async function access (path: string, config: ClusterConfig, signal: AbortSignal): Promise<Finding[]> {
  let client: ApiClient | undefined
  try {
    client = new ApiClient(await accessOf(config, systemClock, nullLogger), { ...defaultLimits, maxAnswerBytes: 1 << 20 }, 'tapio-doctor')
    const startedMs = performance.now()
    const { gitVersion = 'unknown' } = await client.get('/version', signal) as { gitVersion?: string }
    const reached = ok(path, `${client.access.server.origin} answers: Kubernetes ${gitVersion}, ${Math.max(1, Math.round(performance.now() - startedMs))} ms`)
    return config.auth_type === 'none' ? [reached] : [reached, await rights(path, client, config, signal)]
  } catch (error) {
    if (error instanceof AccessFault) return [fault(path, error.message, 'Correct `auth_type`, `kubeconfig` or `context`; in a pod see that a service account is mounted.')]
    const where = client?.access.server.origin ?? 'the API server'
    if (error instanceof ApiError) return [fault(path, `${where} answers ${error.code} ${error.reason}: ${error.message}`, error.code === 401 ? 'Its credentials are not accepted: renew the token or the certificate of the kubeconfig.' : 'See the rights of its user.')]
    return [fault(path, `${where} cannot be reached: ${(error as Error).message}`, 'See that the server runs, and that no proxy or network policy is between.')]
  } finally {
    client?.close()
  }
}

interface Right { readonly verb: string, readonly resource: string, readonly group: string, readonly namespace: string | undefined }

/** Asked as SelfSubjectAccessReview, which stores nothing: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
async function rights (path: string, client: ApiClient, { resources = ['pods'], namespaces = [] }: ClusterConfig, signal: AbortSignal): Promise<Finding> {
  const wanted = resources.flatMap(name => {
    const { type, namespaced, namespace }: Watchable = watchables[name]
    const where = namespace !== undefined ? [namespace] : namespaced && namespaces.length > 0 ? namespaces : [undefined]
    return where.flatMap(n => ['list', 'watch'].map((verb): Right => ({ verb, resource: type.plural, group: type.group, namespace: n })))
  })
  const missing: Right[] = []
  for (let at = 0; at < wanted.length; at += reviewsAtOnce) {
    const answers = await Promise.all(wanted.slice(at, at + reviewsAtOnce).map(async right => ({ right, allowed: await isAllowed(client, right, signal) })))
    missing.push(...answers.filter(a => !a.allowed).map(a => a.right))
  }
  const asked = `list and watch of ${resources.length} resource${resources.length === 1 ? '' : 's'}`
  if (missing.length === 0) return ok(`${path} rights`, `${asked}: all allowed`)
  const words = missing.map(({ verb, resource, group, namespace }) => `${verb} ${resource}${group === '' ? '' : `.${group}`}${namespace === undefined ? '' : ` in ${namespace}`}`)
  const tell = missing.length === wanted.length ? fault : warning
  return tell(`${path} rights`, `${asked}: not allowed are ${words.slice(0, 12).join(', ')}${words.length > 12 ? ` and ${words.length - 12} more` : ''}`, 'Add them to the (Cluster)Role of its user, or leave the resources out of `resources`: what it may not see is not told.')
}

const reviewsAtOnce = 8

async function isAllowed (client: ApiClient, { verb, resource, group, namespace = '' }: Right, signal: AbortSignal): Promise<boolean> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { verb, resource, group, namespace } } }
  const answer = await client.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review, signal) as { readonly status?: { readonly allowed?: boolean } }
  return answer.status?.allowed === true
}
