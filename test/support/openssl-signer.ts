import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EpochMs } from '#base/time.ts'
import {
  type ClamsignVerdict,
  printClamsign,
  readTrustedCertificates,
  type TrustedCertificates,
} from '#formats/clamsign/index.ts'
import { openssl, pemOf, type TestCertificate } from './test-ca.ts'

/** Detached signatures by the real openssl, which engines call, over one small file in `folder`. */
export class OpensslSigner {
  static readonly target = Buffer.from('the bytes that are signed\n')
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    writeFileSync(this.at('target'), OpensslSigner.target)
  }

  at(file: string): string {
    return join(this.#folder, file)
  }

  /** In DER. `args` are further options of `openssl smime -sign`. */
  sign(
    signer: TestCertificate,
    others: readonly TestCertificate[] = [],
    args: readonly string[] = [],
  ): Uint8Array {
    writeFileSync(this.at('others.pem'), others.map(pemOf).join(''))
    const further = others.length > 0 ? ['-certfile', this.at('others.pem')] : []
    openssl(
      ...['smime', '-sign', '-binary', '-in', this.at('target'), '-outform', 'DER'],
      ...['-signer', signer.certificate, '-inkey', signer.key, '-out', this.at('p7')],
      ...further,
      ...args,
    )
    return readFileSync(this.at('p7'))
  }

  accepts(
    command: 'smime' | 'cms',
    der: Uint8Array,
    roots: readonly TestCertificate[],
    now: EpochMs,
  ): boolean {
    writeFileSync(this.at('check.der'), der)
    writeFileSync(this.at('roots.pem'), roots.map(pemOf).join(''))
    const run = spawnSync('openssl', [
      ...[command, '-verify', '-binary', '-inform', 'DER', '-in', this.at('check.der')],
      ...['-content', this.at('target'), '-CAfile', this.at('roots.pem'), '-out', '/dev/null'],
      ...['-purpose', 'smimesign', '-attime', String(Math.floor(now / 1000))],
    ])
    return run.status === 0
  }
}

export function trusting(...roots: readonly TestCertificate[]): TrustedCertificates {
  const trust = readTrustedCertificates(roots.map((one) => ({ file: one.name, pem: pemOf(one) })))
  assert.ok(trust.ok)
  return trust.value
}

/** A `.sign` with a line for each signature. */
export function signText(...ders: readonly Uint8Array[]): string {
  const signatures = ders.map((der, index) => ({
    line: 2 + 2 * index,
    minLevel: 230,
    type: 'pkcs7-pem',
    data: Buffer.from(der).toString('base64'),
  }))
  return printClamsign({ signatures })
}

/** `good`, or the kind of verdict and of reason. */
export function outcomeOf(verdict: ClamsignVerdict): string {
  return verdict.kind === 'good' ? 'good' : `${verdict.kind} ${verdict.reason.kind}`
}
