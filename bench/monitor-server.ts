/** A mirror for `monitor.ts`, in a process of its own: says its port, ends with its parent. */
import { createServer } from 'node:http'

const body = Buffer.alloc(300_000, 'x')
body.write('ClamAV-VDB:22 Jun 2021 14-58 -0400:7:1:90:X:X:me:1624388302'.padEnd(512, ' '))
const stamp = '1795509000\n2026-11-24T08:30:00Z\nserial 1 generation 1\n'

const server = createServer(({ url, headers }, response) => {
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')
  if (url === '/timestamp' || range === null) return response.end(stamp)
  const part = body.subarray(Number(range[1]), Number(range[2]) + 1)
  return response.writeHead(206, { 'Content-Length': part.byteLength }).end(part)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : undefined)
})
process.once('disconnect', () => process.exit())
