/** How languages word the failures of a connection. */
import type { Language } from './parts.js'

type Texts = Readonly<Record<string, (host: string, ip: string, port: number) => string>>

const texts: Readonly<Record<Language, Texts>> = {
  go: {
    refused: (_, ip, port) => `dial tcp ${ip}:${port}: connect: connection refused`,
    timeout: (host, _, port) => `Get "http://${host}:${port}/items/1": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    dns: host => `dial tcp: lookup ${host} on 10.96.0.10:53: read udp 10.244.1.7:41231->10.96.0.10:53: i/o timeout`,
    tls: () => 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time is after the certificate\'s NotAfter',
    reset: (_, ip, port) => `read tcp ${ip}:${port}: read: connection reset by peer`,
    auth: host => `rpc error: code = Unauthenticated desc = token for ${host} is not valid`,
    unreachable: (_, ip, port) => `dial tcp ${ip}:${port}: connect: no route to host`
  },
  node: {
    refused: (_, ip, port) => `connect ECONNREFUSED ${ip}:${port}`,
    timeout: (host, _, port) => `timeout of 3000ms exceeded: http://${host}:${port}/items/1 (ETIMEDOUT)`,
    dns: host => `getaddrinfo EAI_AGAIN ${host}`,
    tls: () => 'certificate has expired (CERT_HAS_EXPIRED)',
    reset: () => 'read ECONNRESET',
    auth: host => `Request to ${host} failed with status code 401`,
    unreachable: (_, ip, port) => `connect EHOSTUNREACH ${ip}:${port}`
  },
  java: {
    refused: (host, ip, port) => `java.net.ConnectException: Connection refused: ${host}/${ip}:${port}`,
    timeout: (host, _, port) => `java.net.SocketTimeoutException: Read timed out calling ${host}:${port}`,
    dns: host => `java.net.UnknownHostException: ${host}: Temporary failure in name resolution`,
    tls: () => 'javax.net.ssl.SSLHandshakeException: PKIX path validation failed: java.security.cert.CertPathValidatorException: validity check failed (certificate expired)',
    reset: () => 'java.net.SocketException: Connection reset',
    auth: host => `401 Unauthorized from ${host}`,
    unreachable: (host, ip, port) => `java.net.NoRouteToHostException: No route to host: ${host}/${ip}:${port}`
  },
  python: {
    refused: (host, _, port) => `HTTPConnectionPool(host='${host}', port=${port}): Max retries exceeded (Caused by NewConnectionError('[Errno 111] Connection refused'))`,
    timeout: (host, _, port) => `HTTPConnectionPool(host='${host}', port=${port}): Read timed out. (read timeout=3)`,
    dns: host => `Failed to resolve '${host}' ([Errno -3] Temporary failure in name resolution)`,
    tls: host => `HTTPSConnectionPool(host='${host}'): SSLCertVerificationError: certificate verify failed: certificate has expired`,
    reset: () => '(\'Connection aborted.\', ConnectionResetError(104, \'Connection reset by peer\'))',
    auth: host => `401 Client Error: Unauthorized for url: https://${host}/`,
    unreachable: (host, _, port) => `HTTPConnectionPool(host='${host}', port=${port}): [Errno 113] No route to host`
  }
}

export function connectionError (language: Language, failure: string, host: string, ip: string, port: number): string {
  return texts[language][failure]?.(host, ip, port) ?? `request to ${host}:${port} failed`
}

export function logText (language: Language, callee: string, error: string): string {
  switch (language) {
    case 'go': return `failed to call ${callee}: ${error}`
    case 'node': return `Error: request to ${callee} failed: ${error}`
    case 'java': return `Exception while calling ${callee}: ${error}`
    case 'python': return `Request to ${callee} failed: ${error}`
  }
}
