/** Certificates for tests, made on the spot: an authority, and what it has signed for loopback, as PEM files in a folder. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
type KeyPair = webcrypto.CryptoKeyPair

const crypto = webcrypto

export interface Issued { readonly certFile: string, readonly keyFile: string }

export class TestAuthority {
  readonly caFile: string
  #serial = 1

  private constructor (readonly folder: string, readonly name: string, readonly keys: KeyPair, readonly certificate: x509.X509Certificate) {
    this.caFile = join(folder, `${name}.crt`)
    writeFileSync(this.caFile, certificate.toString('pem'))
  }

  static async create (folder: string, name = 'ca'): Promise<TestAuthority> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as KeyPair
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01', name: `CN=${name}`, ...validity(), signingAlgorithm: algorithm, keys,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)]
    }, crypto)
    return new TestAuthority(folder, name, keys, certificate)
  }

  /** A certificate for localhost and 127.0.0.1 with the common name `name`, in `<name>.crt` and `<name>.key`. */
  async issue (name: string, dnsNames: readonly string[] = ['localhost']): Promise<Issued> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as KeyPair
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: (++this.#serial).toString(16).padStart(2, '0'), subject: `CN=${name}`, issuer: this.certificate.subject, ...validity(),
      signingAlgorithm: algorithm, publicKey: keys.publicKey, signingKey: this.keys.privateKey,
      extensions: [new x509.SubjectAlternativeNameExtension([...dnsNames.map(value => ({ type: 'dns' as const, value })), { type: 'ip', value: '127.0.0.1' }])]
    }, crypto)
    const files = { certFile: join(this.folder, `${name}.crt`), keyFile: join(this.folder, `${name}.key`) }
    writeFileSync(files.certFile, certificate.toString('pem'))
    writeFileSync(files.keyFile, x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'), { mode: 0o600 })
    return files
  }
}

function validity (): { notBefore: Date, notAfter: Date } {
  return { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) }
}
