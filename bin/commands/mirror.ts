import type { Command } from 'commander'
import { addWebserverCommand } from './mirror/webserver.ts'

/** `cvdnet mirror …`: what the operator of a mirror needs. */
export function addMirrorCommands(cvdnet: Command): void {
  const mirror = cvdnet.command('mirror').description('what the operator of a mirror needs')
  addWebserverCommand(mirror)
}
