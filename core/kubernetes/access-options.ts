/** The options by which components reach an API server, and the access they mean. */
import { Type, type Static } from '@sinclair/typebox'
import type { Clock } from '../component/clock.js'
import type { ConfigFault } from '../component/factory.js'
import { Enum, Url, type Options } from '../config/schema.js'
import type { Logger } from '../telemetry/logger.js'
import { openAccess, type Access } from './access.js'
import { clusterAddress, inCluster } from './in-cluster.js'
import { contextAccess, kubeconfigFiles, readKubeconfig } from './kubeconfig.js'

/** Spread into a component's schema. */
export const accessOptions = {
  auth_type: Enum(['serviceAccount', 'kubeConfig', 'none'], { default: 'serviceAccount', description: 'How to reach the API server: as the pod Tapio runs in, by a kubeconfig, or without credentials.' }),
  kubeconfig: Type.String({ default: '', description: 'auth_type: kubeConfig: the file; empty = what `KUBECONFIG` lists, else `~/.kube/config`.' }),
  context: Type.String({ default: '', description: 'auth_type: kubeConfig: the context; empty = the current one.' }),
  api_server: Type.Optional(Url({ description: 'auth_type: none: the address; left out = the one a pod is given in its environment.' }))
}

export type AccessConfig = Static<ReturnType<typeof Options<typeof accessOptions>>>

export function accessFaults ({ auth_type: auth, api_server: server }: AccessConfig): ConfigFault[] {
  return server !== undefined && auth !== 'none' ? [{ path: ['api_server'], message: '`api_server` applies to `auth_type: none` only; elsewhere the address comes with the credentials' }] : []
}

/** Throws AccessFault. */
export async function accessOf ({ auth_type: auth, api_server: server, kubeconfig, context }: AccessConfig, clock: Clock, logger: Logger): Promise<Access> {
  switch (auth) {
    case 'serviceAccount': return inCluster(clock, logger)
    case 'kubeConfig': return contextAccess(readKubeconfig(kubeconfigFiles(kubeconfig), logger), context, clock, logger)
    case 'none': return openAccess(server ?? clusterAddress(process.env).href)
  }
}
