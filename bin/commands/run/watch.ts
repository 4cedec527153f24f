import type { MailSettings, MonitorSettings, Settings } from '#formats/cvdnet-toml/index.ts'
import type { MetricSource } from '#ports/metric.ts'
import type { Store } from '#ports/store.ts'
import { type MailOptions, startMonitor } from '#roles/monitor/index.ts'
import { say } from '../../io.ts'
import { readSecret } from './secrets.ts'

const DNS_PORT = 53

/** Starts the monitor, and its postman where there is `[mail]`. */
export async function runMonitor(
  settings: MonitorSettings,
  { zone, mail, dns }: Pick<Settings, 'zone' | 'mail' | 'dns'>,
  store: Store,
): Promise<AsyncDisposable & { readonly metrics: MetricSource }> {
  const { name, health, looksAtOnce, anchors, tree } = settings
  const nameServers = settings.nameServers.length > 0 ? settings.nameServers : delegated(dns)
  const running = startMonitor({
    name,
    zone,
    store,
    health,
    looksAtOnce,
    anchors,
    nameServers,
    tree,
    mail: mail === undefined ? undefined : await mailOptions(mail),
    onEvent: (line) => say(`${name}: ${line}`),
  })
  say(
    `${name}: monitor; ${mail === undefined ? 'letters wait, there is no [mail]' : 'letters go out by mail'}`,
  )
  const { monitor } = running
  return {
    metrics: () => monitor.metrics(),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/** Where everybody finds them: on port 53, wherever this one listens. */
function delegated(dns: Settings['dns']): MonitorSettings['nameServers'] {
  return (dns?.nameServers ?? []).flatMap(({ addresses }) =>
    addresses.map((host) => ({ host, port: DNS_PORT })),
  )
}

async function mailOptions(mail: MailSettings): Promise<MailOptions> {
  const { login, ...rest } = mail
  if (login === undefined) return { ...rest, login }
  return {
    ...rest,
    login: { user: login.user, password: await readSecret(login.password, 'the login for mail') },
  }
}
