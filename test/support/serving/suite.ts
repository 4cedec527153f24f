/**
 * One suite of requests for every server that a mirror may run: what clients of each era need, what hostile people send.
 * A server that cannot do something is excused by the title of the claim, with its reason.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERAS, type Era, FIRST_CLIENTS, OLD_PROTOCOL } from './eras.ts'
import { HOSTILE_TARGETS, hostileRequests } from './hostile.ts'
import { exchange, type Place, type RawAnswer } from './raw.ts'
import { BIG, BUILT_DATE, EARLIER_DATE, MD5, PATCH } from './tree.ts'

export interface SuiteOptions {
  readonly name: string
  readonly place: () => Place
  readonly skip: string | false
  /** Title of a claim: why this server is excused from it. */
  readonly excused?: Readonly<Record<string, string>>
}

const QUIET_MS = 400
const METHODS = [
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'PROPFIND',
  'CONNECT',
  'BREW',
]

export function servingSuite({ name, place, skip, excused = {} }: SuiteOptions): void {
  const claim = (title: string, check: () => Promise<void>) => {
    const reason = excused[title]
    if (reason === undefined) test(`${name}: ${title}`, { skip }, check)
    // An excuse is listed in the guide, and goes from here and there when it is no longer needed.
    else test(`${name} is excused: ${title} (${reason})`, { skip }, () => assert.rejects(check))
  }
  const one = async (
    request: string,
    options?: { readonly head?: boolean },
  ): Promise<RawAnswer> => {
    const { answers } = await exchange(place(), request, { quietMs: 300, ...options })
    const [answer] = answers
    assert.ok(answer, `no answer to ${request}`)
    assert.equal(answers.length, 1)
    return answer
  }
  const get = (target: string, ...fields: readonly string[]) =>
    one(
      `GET ${target} HTTP/1.1\r\n${['Host: a.test', 'Connection: close', ...fields].join('\r\n')}\r\n\r\n`,
    )

  const statusOf = async (method: string): Promise<number> => {
    const head = 'Host: a\r\nContent-Length: 3\r\nConnection: close'
    const { answers } = await exchange(
      place(),
      `${method} /timestamp HTTP/1.1\r\n${head}\r\n\r\nabc`,
    )
    return answers[0]?.status ?? 0
  }

  claim('every era gets the whole file, with its length, and never chunked', async () => {
    for (const { name: era, whole } of ERAS) {
      const request = whole('/daily.cvd').replace('keep-alive', 'close')
      const { answers, packets } = await exchange(place(), request)
      const [answer] = answers
      assert.equal(answer?.status, 200, era)
      assert.ok(answer.body.equals(BIG), era)
      assert.equal(answer.fields.get('content-length'), String(BIG.length))
      assert.equal(answer.fields.get('transfer-encoding'), undefined)
      assert.equal(answer.fields.get('content-encoding'), undefined)
      assert.match(
        packets[0]?.toString('latin1') ?? '',
        /\r\n\r\nClamAV-VDB:/,
        `${era}: first read`,
      )
    }
  })

  claim('the checksum of 2003 comes in one packet with its head', async () => {
    const [first] = ERAS
    const { packets } = await exchange(place(), first?.check('/database/viruses.md5') ?? '')
    const text = packets[0]?.toString('latin1') ?? ''
    assert.match(text, new RegExp(`^HTTP/1\\.1 200 [\\s\\S]*\\r\\n\\r\\n${MD5}$`))
  })

  claim('every era finds "HTTP/1.1 404" where nothing is', async () => {
    for (const { name: era, check, whole } of ERAS) {
      for (const path of ['/nothing.cvd', '/daily-1.cdiff', '/database/nothing.md5']) {
        for (const ask of [check, whole]) {
          const { line } = await one(ask(path))
          // 0.97 knows both; the first clients look for this very text.
          const wanted = era === OLD_PROTOCOL ? /^HTTP\/1\.[01] 404 / : /^HTTP\/1\.1 404 /
          assert.match(line, wanted, `${era} ${path}`)
        }
      }
    }
  })

  const headersOf = async (eras: readonly Era[]) => {
    for (const { name: era, check } of eras) {
      const bytes = era === 'cvdupdate' ? 96 : 512
      for (const date of [undefined, EARLIER_DATE]) {
        const answer = await one(check('/daily.cvd', date))
        assert.equal(answer.status, 206, era)
        assert.ok(answer.body.equals(BIG.subarray(0, bytes)), era)
        assert.equal(answer.fields.get('content-range'), `bytes 0-${bytes - 1}/${BIG.length}`)
        assert.equal(answer.fields.get('last-modified'), BUILT_DATE)
      }
    }
  }

  claim('the header is 206 with its bytes for every era that asks by range', async () => {
    const known = [...FIRST_CLIENTS, OLD_PROTOCOL]
    await headersOf(ERAS.filter((era) => !known.includes(era.name)))
  })

  claim('the header is 206 for HTTP/1.0 too', async () => {
    await headersOf(ERAS.filter((era) => era.name === OLD_PROTOCOL))
  })

  claim('a check with the build time is 304 and has no body', async () => {
    for (const { name: era, check } of ERAS) {
      if (FIRST_CLIENTS.includes(era) || era === '0.70') continue
      const answer = await one(check('/daily.cvd', BUILT_DATE))
      assert.equal(answer.status, 304, era)
      assert.equal(answer.body.length, 0)
    }
  })

  claim('a check with a later time is 304', async () => {
    const later = await get(
      '/daily.cvd',
      'Range: bytes=0-511',
      'If-Modified-Since: Wed, 23 Jun 2021 00:00:00 GMT',
    )
    assert.equal(later.status, 304)
  })

  claim('the whole of a .cvd is sent whatever date came with the request', async () => {
    for (const { name: era, whole } of ERAS) {
      const answer = await one(whole('/daily.cvd', BUILT_DATE))
      assert.equal(answer.status, 200, era)
      assert.equal(answer.body.length, BIG.length)
    }
  })

  claim('a plain signature file is 304 by date, and whole after it', async () => {
    assert.equal((await get('/acme.ndb', `If-Modified-Since: ${BUILT_DATE}`)).status, 304)
    assert.equal((await get('/acme.ndb', `If-Modified-Since: ${EARLIER_DATE}`)).status, 200)
  })

  claim('patches, empty patches and signatures come whole', async () => {
    assert.ok((await get('/daily-27001.cdiff')).body.equals(PATCH))
    const empty = await get('/daily-27002.cdiff')
    assert.deepEqual([empty.status, empty.fields.get('content-length')], [200, '0'])
    assert.equal((await get('/daily-27001.cvd.sign')).body.toString(), 'signature')
  })

  claim('a proxy may keep what never changes, and nothing else unasked', async () => {
    assert.match(
      (await get('/daily-27001.cdiff')).fields.get('cache-control') ?? '',
      /max-age=\d{5,}/,
    )
    for (const path of ['/daily.cvd', '/timestamp', '/dns.txt', '/index.html', '/acme.ndb']) {
      const { fields } = await get(path)
      assert.equal(fields.get('cache-control'), 'no-cache', path)
      // Proxies of 2004 know no Cache-Control (R18).
      assert.ok(Date.parse(fields.get('expires') ?? 'never') < Date.now(), path)
    }
  })

  claim('a tag names the content', async () => {
    const tag = (await get('/daily.cvd')).fields.get('etag') ?? ''
    assert.match(tag, /^"[^"]+"$/)
    assert.equal((await get('/daily.cvd', `If-None-Match: ${tag}`)).status, 304)
    assert.equal((await get('/daily.cvd', 'If-None-Match: "other"')).status, 200)
    const resumed = await get('/daily.cvd', 'Range: bytes=3000000-', `If-Range: ${tag}`)
    assert.deepEqual([resumed.status, resumed.body.length], [206, 1])
    assert.equal((await get('/daily.cvd', 'Range: bytes=1-2', 'If-Range: "other"')).status, 200)
  })

  claim('every host name is answered, and none', async () => {
    for (const host of [
      'database.clamav.test',
      'db.europe.clamav.test',
      'x.example',
      '127.0.0.1:8101',
    ]) {
      const request = `GET /timestamp HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
      assert.equal((await one(request)).status, 200, host)
    }
    assert.equal((await one('GET /timestamp HTTP/1.0\r\n\r\n')).status, 200)
  })

  claim('absolute form and doubled slashes lead to the file', async () => {
    assert.equal((await get('http://a.test/timestamp')).status, 200)
    assert.equal((await get('//timestamp')).status, 200)
    assert.equal((await get('/')).body.toString(), '<p>mirror</p>')
  })

  claim('HEAD has the length and no body', async () => {
    const request = 'HEAD /daily.cvd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    const { answers, rest } = await exchange(place(), request, { head: true })
    assert.equal(answers[0]?.fields.get('content-length'), String(BIG.length))
    assert.equal(rest.length, 0)
  })

  claim('requests in a row on one connection are answered in order', async () => {
    const paths = ['/timestamp', '/daily.cvd', '/nothing', '/daily-27001.cdiff', '/index.html']
    const all = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')
    const { answers } = await exchange(place(), all, { quietMs: 1_500 })
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 404, 200, 200],
    )
    assert.ok(answers[1]?.body.equals(BIG))
    assert.ok(answers[3]?.body.equals(PATCH))
  })

  claim('the operator’s own files are there', async () => {
    assert.equal((await get('/local_logo.png')).body.toString(), 'PNG')
    assert.equal((await get('/local_page/')).body.toString(), 'the operator’s')
  })

  claim('no target whatever gets 403, a redirect or a secret', async () => {
    for (const target of HOSTILE_TARGETS) {
      const { answers } = await exchange(
        place(),
        `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      )
      for (const { status, body } of answers) {
        assert.ok(status === 404 || status === 400 || status === 414, `${target}: ${status}`)
        assert.doesNotMatch(body.toString(), /secret|root:/, target)
      }
    }
  })

  claim('no method gets 403 or a file changed', async () => {
    for (const method of METHODS) {
      const status = await statusOf(method)
      assert.ok([200, 400, 404, 405, 501].includes(status), `${method}: ${status}`)
    }
    assert.match((await get('/timestamp')).body.toString(), /^1624388302/)
  })

  claim('POST is told that there is nothing to post', async () => {
    assert.equal(await statusOf('POST'), 405)
  })

  claim('a link of the operator does not lead out of the document root', async () => {
    assert.equal((await get('/local_out.txt')).status, 404)
  })

  claim('hostile requests end in one answer that is no 403, and the server lives', async () => {
    for (const { name: what, bytes, answersMax } of hostileRequests()) {
      const { answers } = await exchange(place(), bytes, { quietMs: QUIET_MS })
      assert.ok(answers.length <= answersMax, `${what}: ${answers.length} answers`)
      for (const { status, body } of answers) {
        assert.notEqual(status, 403, what)
        assert.ok(status < 500 || status === 501 || status === 505, `${what}: ${status}`)
        assert.ok(body.length <= BIG.length, `${what}: ${body.length} bytes`)
      }
    }
    assert.equal((await get('/timestamp')).status, 200)
  })
}
