import { trustedPublishers } from '#core/databases/index.ts'
import { CLAMAV_KEYS, type PublisherKeys } from '#formats/dsig/index.ts'
import type { MasterPublisher } from './options.ts'

/** ClamAV's keys and those of all others, each once. */
export function keysOf(publishers: readonly MasterPublisher[]): readonly PublisherKeys[] {
  const others = publishers.map(({ keys }) => keys)
  return trustedPublishers(others.filter(({ publisher }) => publisher !== CLAMAV_KEYS.publisher))
}

export function publisherNamed(
  publishers: readonly MasterPublisher[],
  name: string | undefined,
): MasterPublisher | undefined {
  return publishers.find(({ keys }) => keys.publisher === name)
}
