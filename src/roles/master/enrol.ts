import { randomBytes } from 'node:crypto'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { type MasterOptions, masterFiles } from './options.ts'
import type { Registry } from './registry.ts'
import { tellErrors } from './schedule.ts'

const PASSWORD_BYTES = 18

/**
 * Puts this master where the others find it, before it asks them for anything. One whose ports the system chooses cannot
 * be found, and stays alone.
 */
export async function enrol(options: MasterOptions, registry: Registry): Promise<void> {
  const { name, state, address: host, ssh, rsync, module, onEvent = () => {} } = options
  if (ssh.port === 0 || rsync.port === 0) return
  const files = masterFiles(state)
  const place = {
    host,
    sshPort: ssh.port,
    rsyncPort: rsync.port,
    module,
    hostKey: (await loadOrMakeKey(files.hostKey, name)).publicKey,
    triggerKey: (await loadOrMakeKey(files.triggerKey, name)).publicKey,
  }
  const drawPassword = () => randomBytes(PASSWORD_BYTES).toString('base64url')
  await tellErrors(() => registry.enrol(place, drawPassword), onEvent)
}
