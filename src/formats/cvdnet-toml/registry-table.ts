import { preset, type Section } from './field.ts'
import * as kind from './kind.ts'
import type { TableReader } from './reader.ts'
import type { RegistrySettings } from './settings.ts'

/** What the network asks of those who join it. Every default has its reason in its sentence. */
export const REGISTRY = {
  path: 'registry',
  kind: 'table',
  about:
    'What a network asks of its mirrors, and who of the team gets a shell on those that offer one.',
  fields: {
    bandwidthMbitMin: preset(
      'bandwidth_mbit_min',
      kind.integer(1, 1_000_000),
      10,
      'The least that a mirror declares and shows in its check; ten since 2004, because traffic comes in bursts.',
    ),
    privateAddresses: preset(
      'private_addresses',
      kind.oneOf('refused', 'allowed'),
      'refused',
      'Whether mirrors may have loopback and private addresses: in a network inside of one company.',
    ),
    shellKeys: preset(
      'shell_keys',
      kind.listOf(kind.sshKey),
      [],
      'Keys of named people of the team, for `authorized_keys_shell` in the kits.',
    ),
  },
} as const satisfies Section

export function readRegistry(at: TableReader): RegistrySettings {
  const { fields } = REGISTRY
  return {
    bandwidthMbitMin: at.read(fields.bandwidthMbitMin),
    privateAddresses: at.read(fields.privateAddresses),
    shellKeys: at.read(fields.shellKeys),
  }
}
