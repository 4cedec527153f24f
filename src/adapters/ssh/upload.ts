import type ssh2 from 'ssh2'
import type { SshAdmission } from '#ports/ssh-door.ts'
import { Outlet } from './channel.ts'
import type { Caller } from './command.ts'

type UploadAdmission = Extract<SshAdmission, { kind: 'upload' }>

export function serveUpload(
  session: ssh2.Session,
  _admission: UploadAdmission,
  caller: Caller,
  track: (work: Promise<void>) => void,
): void {
  session.on('exec', (take) => {
    const outlet = new Outlet(take(), caller.gone)
    outlet.complain('Uploads are not ready yet.')
    track(outlet.end(1))
  })
}
