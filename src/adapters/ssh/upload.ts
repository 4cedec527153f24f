/** What one session of an upload account may do: one vetted rsync or scp command, or sftp. */
import type ssh2 from 'ssh2'
import {
  folderFault,
  parseUploadCommand,
  type UploadCommand,
  uploadLimitText,
  uploadRefusalText,
} from '#core/intake/index.ts'
import type { Caller, UploadAdmission } from './caller.ts'
import { Outlet } from './channel.ts'
import { receiveByRsync } from './rsync-upload.ts'
import { receiveByScp } from './scp-upload.ts'
import { serveSftp } from './sftp-upload.ts'
import { scanFolder, sweepFolder } from './upload-folder.ts'

/** As the command line's contract has it. */
const STATUS_REFUSED = 1
const STATUS_BROKEN = 3

/** One upload on one channel. */
export interface Upload {
  readonly channel: ssh2.ServerChannel
  readonly outlet: Outlet
  readonly admission: UploadAdmission
  readonly caller: Caller
}

export function serveUpload(
  session: ssh2.Session,
  admission: UploadAdmission,
  caller: Caller,
): void {
  const open = (accept: ssh2.AcceptConnection<ssh2.ServerChannel>): Upload => {
    const channel = accept()
    caller.watch(channel)
    return { channel, outlet: new Outlet(channel, caller.gone), admission, caller }
  }
  session.on('exec', (accept, _reject, { command }) => {
    caller.track(runCommand(open(accept), command))
  })
  session.on('shell', (accept) => caller.track(runCommand(open(accept), '')))
  // With nobody listening for "sftp", ssh2 hands the channel over as it is (formats/sftp says why).
  session.on('subsystem', (accept, reject, { name }) => {
    if (name === 'sftp') caller.track(run(open(accept), 'sftp', serveSftp))
    else reject()
  })
}

async function runCommand(upload: Upload, words: string): Promise<void> {
  const command = parseUploadCommand(words)
  if (!command.ok) {
    await refuse(upload, uploadRefusalText(command.fault))
    return
  }
  await run(upload, command.value.kind, (one) => receive(one, command.value))
}

function receive(upload: Upload, command: UploadCommand): Promise<number> {
  switch (command.kind) {
    case 'rsync':
      return receiveByRsync(upload, command)
    case 'scp':
      return receiveByScp(upload, command)
  }
}

async function run(
  upload: Upload,
  way: 'rsync' | 'scp' | 'sftp',
  serve: (upload: Upload) => Promise<number>,
): Promise<void> {
  const { admission, caller, outlet } = upload
  const { from, user } = caller
  let status = STATUS_BROKEN
  try {
    await sweepFolder(admission.folder)
    const fault = folderFault((await scanFolder(admission.folder)).use, admission.limits)
    // A full folder can still be looked at and cleared by sftp.
    if (fault !== undefined && way !== 'sftp') {
      await refuse(upload, uploadLimitText(fault))
      return
    }
    status = await serve(upload)
    for (const name of await sweepFolder(admission.folder)) {
      outlet.complain(`Only plain files are kept in public_html/: "${name}" is removed.`)
      status = STATUS_REFUSED
    }
  } catch (error) {
    const wrapped = error instanceof Error ? error : new Error(String(error))
    caller.onEvent({ kind: 'run-failed', from, error: wrapped })
    outlet.complain('The upload ended by a fault of the server; its log says more.')
  }
  caller.onEvent({ kind: 'upload-ended', from, user, way, status })
  await outlet.end(status)
}

async function refuse({ outlet, caller }: Upload, why: string): Promise<void> {
  caller.onEvent({ kind: 'upload-refused', from: caller.from, user: caller.user, why })
  outlet.complain(why)
  await outlet.end(STATUS_REFUSED)
}
