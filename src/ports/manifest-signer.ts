import type { Outcome } from '#base/outcome.ts'
import type { EpochMs } from '#base/time.ts'
import type { Manifest } from '#core/release/manifest.ts'

/** Why a tree's signed manifest is not believed. */
export type ManifestFault =
  | { readonly kind: 'no-manifest'; readonly file: string }
  | { readonly kind: 'manifest-not-trusted'; readonly reason: string }

/** Signs what a published tree consists of, into `tuf/` of that tree (decision 6). */
export interface ManifestSigner {
  sign(folder: string, manifest: Manifest, now: EpochMs): Promise<void>
}

/** Reads the signed manifest of a staged tree and believes it only along an unbroken chain from the known root. */
export interface ManifestVerifier {
  /**
   * `folder` is a tree with `tuf/` in it. A success is remembered only by `accept`, so that a sync
   * which fails later does not move what is trusted.
   */
  verify(folder: string, signal: AbortSignal): Promise<Outcome<VerifiedManifest, ManifestFault>>
  /** Of the root that is trusted now. */
  rootVersion(): Promise<number>
}

export interface VerifiedManifest {
  readonly manifest: Manifest
  /** The newest root that the chain led to. */
  readonly root: TrustedRoot
  /** Makes this manifest the one that no later one may fall behind. */
  accept(): Promise<void>
}

export interface TrustedRoot {
  readonly version: number
  readonly text: string
}
