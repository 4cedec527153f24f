import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** A command line of nginx with one site, and everything that it writes below `folder`. */
export async function nginxCommand(folder: string, conf: string): Promise<readonly string[]> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ')
  const main = join(folder, 'nginx.conf')
  await writeFile(
    main,
    `daemon off; user root; pid ${folder}/pid; error_log ${folder}/error.log; events {} http { ${temporary} include ${conf}; }\n`,
  )
  return ['nginx', '-p', folder, '-c', main]
}

/** Until somebody listens there. */
export async function answering(
  child: ChildProcess,
  port: number,
  host = '127.0.0.1',
): Promise<void> {
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      said = `${said}${text}`.slice(-2000)
    })
  }
  for (let round = 0; round < 100 && child.exitCode === null; round += 1) {
    const socket = connect(port, host)
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isThere) return
    await setTimeout(50)
  }
  throw new Error(`Cannot reach ${child.spawnargs.join(' ')}: ${said}`)
}
