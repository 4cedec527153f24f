/**
 * A child process for the kill tests: a master that shares a SQLite store publishes its next release and ends itself,
 * as a power cut would, when the numbered step is reached. Usage: publish-stored.ts FOLDER NAME STORE N [STEP-NUMBER]
 */
import { ReleaseFolder } from '#adapters/disk/index.ts'
import { openSqliteStore } from '#adapters/sqlite/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import type { Serial } from '#base/names.ts'
import { epochMs } from '#base/time.ts'
import type { Store } from '#ports/store.ts'
import { Publisher } from '../../src/roles/master/publisher.ts'
import { contentOf, plainSigner, stampOf } from './publish-release.ts'

export interface StoredMaster {
  readonly publisher: Publisher
  readonly releases: ReleaseFolder
  /** Publishes content N under the next serial, which it returns. */
  next(n: number): Promise<Serial>
}

/** A master's publishing half, as `compose.ts` makes it, with content that tests know. */
export async function storedMaster(
  folder: string,
  self: string,
  store: Pick<Store, 'releases' | 'jobs' | 'journal'>,
  onStep: (step: string) => void = () => {},
): Promise<StoredMaster> {
  const releases = await ReleaseFolder.open({ folder, signer: plainSigner, kept: 3, onStep })
  const publisher = new Publisher({
    self,
    releases,
    store,
    journal: store.journal,
    clock: systemClock,
    patienceMs: 30_000,
    pointers: async (release, generation) => stampOf(release.serial, generation),
  })
  return {
    publisher,
    releases,
    next: (n) =>
      publisher.alone(
        async () => {
          const serial = await publisher.nextSerial()
          const { release, incoming } = await contentOf(folder, n)
          await publisher.publish({ ...release, serial }, incoming, {
            at: epochMs(n),
            who: self,
            what: 'published',
            subject: `release ${serial}`,
            why: [],
          })
          return serial
        },
        () => {},
        AbortSignal.timeout(60_000),
      ),
  }
}

if (import.meta.main) {
  const [folder = '', self = '', path = '', n = '', killAt = '-1'] = process.argv.slice(2)
  await using store = await openSqliteStore(path)
  let step = 0
  const master = await storedMaster(folder, self, store, () => {
    if (step === Number(killAt)) process.kill(process.pid, 'SIGKILL')
    step += 1
  })
  await master.next(Number(n))
}
