import type ssh2 from 'ssh2'
import type { Caller, CommandAdmission } from './caller.ts'
import { Outlet } from './channel.ts'

/** As the command line's contract has it: the world failed. */
export const STATUS_BROKEN = 3

/** Ctrl-C, as a terminal in raw mode sends it. */
const INTERRUPT = 0x03

/**
 * Any command and a shell request run what the credential opens (R94). A channel is accepted at once: after the
 * caller's end of file ssh2 refuses every request of the session.
 */
export function serveCommand(
  session: ssh2.Session,
  admission: CommandAdmission,
  caller: Caller,
): void {
  let raw = false
  // There is no terminal behind this. But `ssh -t` gives up when it is refused one, so it is told that it has one.
  session.on('pty', (accept) => {
    raw = true
    accept?.()
  })
  const run = (accept: ssh2.AcceptConnection<ssh2.ServerChannel>): void => {
    const channel = accept()
    caller.watch(channel)
    caller.track(runCommand(channel, admission, caller, raw))
  }
  session.on('exec', run)
  session.on('shell', run)
}

/**
 * Standard input is read and dropped, so that a caller who sends some is never stuck. The run goes on when he hangs
 * up (promise 5).
 */
async function runCommand(
  channel: ssh2.ServerChannel,
  admission: CommandAdmission,
  caller: Caller,
  raw: boolean,
): Promise<void> {
  const outlet = new Outlet(channel, caller.gone, raw ? '\r\n' : '\n')
  channel.on('data', (bytes: Uint8Array) => {
    if (raw && bytes.includes(INTERRUPT)) channel.close()
  })
  let status = STATUS_BROKEN
  try {
    status = await admission.run({
      from: caller.from,
      print: (line) => outlet.print(line),
      complain: (line) => outlet.complain(line),
      signal: caller.closing,
    })
  } catch (error) {
    caller.onEvent({
      kind: 'run-failed',
      from: caller.from,
      error: error instanceof Error ? error : new Error(String(error)),
    })
    outlet.complain('This run ended by a fault of the server; its log says more.')
  }
  await outlet.end(status)
}
