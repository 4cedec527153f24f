import { once } from 'node:events'
import { connect } from 'node:net'

/** Whether a TCP server takes a connection there now. */
export async function isListening(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
