import { arch, platform } from 'node:os'

/** How we call ourselves to servers: as freshclam does, with a name of our own (formats.md 5.4). */
export function ownAgent(version: string, uuid: string): string {
  return `cvdnet/${version} (OS: ${platform()}, ARCH: ${arch()}, UUID: ${uuid})`
}
