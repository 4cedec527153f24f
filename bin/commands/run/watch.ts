import type { MailSettings, MonitorSettings, Settings } from '#formats/cvdnet-toml/index.ts'
import { type MailOptions, startMonitor } from '#roles/monitor/index.ts'
import { say } from '../../io.ts'
import type { Prepared, RunningRole } from './role.ts'
import { readSecret } from './secrets.ts'
import { openStoreOf, storePlace } from './store.ts'

const DNS_PORT = 53

/** The monitor, and its postman where there is `[mail]`. */
export async function prepareMonitor(settings: Settings): Promise<Prepared> {
  const { monitor: wanted, zone, mail, dns } = settings
  if (wanted === undefined) throw new Error('there is no [monitor]')
  const { name, nameServers, ...rest } = wanted
  const options = {
    ...rest,
    name,
    zone,
    nameServers: nameServers.length > 0 ? nameServers : delegated(dns),
    mail: mail === undefined ? undefined : await mailOptions(mail),
    onEvent: (line: string) => say(`${name}: ${line}`),
  }
  const place = await storePlace(settings.store)
  const begin = async (): Promise<RunningRole> => {
    await using starting = new AsyncDisposableStack()
    const store = starting.use(await openStoreOf(settings, place))
    const { monitor } = starting.use(startMonitor({ ...options, store }))
    const letters =
      mail === undefined ? 'letters wait, there is no [mail]' : 'letters go out by mail'
    say(`${name}: monitor; ${letters}`)
    const owned = starting.move()
    return {
      metrics: () => monitor.metrics(),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
  }
  return { madeOf: [options.mail, place], begin }
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
