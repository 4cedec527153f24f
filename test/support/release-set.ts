/**
 * A child process for the kill tests: judges and publishes what lies in `FOLDER/upload`, with patches and legacy files
 * made, and ends itself, as a power cut would, when the named event is reached. Usage: release-set.ts FOLDER [EVENT]
 */
import { join } from 'node:path'
import { ReleaseFolder } from '#adapters/disk/index.ts'
import { openSqliteStore } from '#adapters/sqlite/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { TEST_SECRETS } from '#formats/dsig/test-secrets.ts'
import type { SshCall } from '#ports/ssh-door.ts'
import { Publisher } from '#roles/master/publisher.ts'
import { type DeskOutcome, ReleaseDesk } from '#roles/master/release-desk.ts'
import { plainSigner } from './publish-release.ts'

/** `onEvent` hears every step of the desk and the disk, and every line that the sigmaker reads. */
export async function releaseSet(
  folder: string,
  onEvent: (event: string) => void = () => {},
): Promise<DeskOutcome> {
  const state = join(folder, 'state')
  const releases = await ReleaseFolder.open({
    folder: state,
    signer: plainSigner,
    kept: 3,
    onStep: onEvent,
  })
  await using store = await openSqliteStore(join(folder, 'store.sqlite'))
  const journal = { append: async () => onEvent('journal') }
  const publisher = new Publisher({
    self: 'rsync1',
    releases,
    store,
    journal,
    pointers: async ({ serial }, generation) =>
      new Map([['timestamp', `0\n0\nserial ${serial} generation ${generation}\n`]]),
    clock: systemClock,
    patienceMs: 10_000,
  })
  const desk = await ReleaseDesk.open({
    state,
    publisher,
    publishers: [{ keys: publicKeys(TEST_SECRETS), secrets: TEST_SECRETS, always: ['patch'] }],
    clock: systemClock,
    journal,
    onStep: onEvent,
  })
  const call: SshCall = {
    from: '127.0.0.1',
    print: onEvent,
    complain: onEvent,
    signal: new AbortController().signal,
  }
  const sigmaker = { name: 'tester', keys: [], databases: '*' } as const
  return await desk.release(sigmaker, join(folder, 'upload'), call)
}

if (import.meta.main) {
  const [folder = '', killAt = '-1'] = process.argv.slice(2)
  let event = 0
  await releaseSet(folder, () => {
    if (event === Number(killAt)) process.kill(process.pid, 'SIGKILL')
    event += 1
  })
}
