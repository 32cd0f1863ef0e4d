/** Access from inside a pod, by its service account. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '../component/clock.js'
import type { Logger } from '../telemetry/logger.js'
import { AccessFault, serverUrl, type Access, type Credentials } from './access.js'
import { RenewedFile } from './token-file.js'

export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount'

type Environment = Readonly<Record<string, string | undefined>>

/** The address the kubelet puts into every container's environment. */
export function clusterAddress (env: Environment): URL {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (host === undefined || host === '') throw new AccessFault('KUBERNETES_SERVICE_HOST is not set: this process does not run in a pod. Use `auth_type: kubeConfig`, or name the server')
  return serverUrl(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`, 'KUBERNETES_SERVICE_HOST')
}

export function inCluster (clock: Clock, logger: Logger, env: Environment = process.env, directory: string = serviceAccountDirectory): Access {
  const server = clusterAddress(env)
  const token = new RenewedFile(join(directory, 'token'), 'service account token', 'secret', clock, logger)
  const ca = new RenewedFile(join(directory, 'ca.crt'), 'cluster CA', 'trust', clock, logger)
  let tls: Credentials['tls'] = {}
  return {
    server,
    async credentials () {
      const [authorization, bundle] = [`Bearer ${token.text()}`, ca.text()]
      if (tls.ca !== bundle) tls = { ca: bundle }
      return { authorization, tls }
    },
    refused () { token.expire() }
  }
}
