/** The web servers of one mirror: any number of ports, over which all is counted together. */
import { printLogLine } from '#formats/access-log/index.ts'
import { type ServerRules, Service } from '../connection/service.ts'
import type { Snapshot } from '../files/snapshot.ts'
import { type CertificateFiles, followCertificate, type HttpsListener } from './certificate.ts'
import { listenHttps } from './https.ts'
import type { Listener, Place } from './listen.ts'
import { listenHttp } from './server.ts'

export interface WebServersOptions {
  /** The operator's document root, for `local_*`. */
  readonly localFolder: string
  /** Lines of the access log as they come, each with its end. */
  readonly onLines: (lines: string) => void
  /** Told of what has no caller to be told to. */
  readonly onFault: (line: string) => void
}

export interface WebRules extends ServerRules {
  /** Somebody wants the lines of the access log. */
  readonly isLogged: boolean
}

export interface WebServers extends AsyncDisposable {
  /** Resolves when whoever asks sees the new release, on every port. */
  publish(snapshot: Snapshot): Promise<void>
  /** For requests from now on; nobody who is being answered notices. */
  change(rules: WebRules): Promise<void>
  /** Throws `HttpServerError` when it cannot listen. */
  http(place: Place): Promise<Listener>
  /** Throws `HttpServerError` when it cannot listen, or when the certificate is no good. */
  https(place: Place, files: CertificateFiles): Promise<HttpsListener>
}

/** All in this thread. */
export function serveHere({ localFolder, onLines, onFault }: WebServersOptions): WebServers {
  let published: Snapshot | undefined
  let isLogged = false
  const service = new Service({
    source: () => published,
    localFolder,
    onRequest: (record) => {
      if (isLogged) onLines(printLogLine(record))
    },
  })
  return {
    async publish(snapshot) {
      published = snapshot
    },
    async change(rules) {
      service.change(rules)
      isLogged = rules.isLogged
    },
    http: (place) => listenHttp(service, place),
    https: (place, files) =>
      followCertificate(files, (certificate) => listenHttps(service, place, certificate), onFault),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]()
    },
  }
}
