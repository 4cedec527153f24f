import { optional, preset, required, type Section } from './field.ts'
import * as kind from './kind.ts'

/** The sections of whoever watches and tells. Every default has its reason in its sentence. */
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const MONITOR = {
  path: 'monitor',
  kind: 'table',
  about:
    'Present: this machine watches the mirrors. Where several do, one judges and the others stand by.',
  fields: {
    name: preset('name', kind.name, 'monitor1', 'Its name in journal and lease.'),
    roundMs: preset(
      'round',
      kind.duration(MINUTE, DAY),
      '10m',
      'In so long every address of every mirror is looked at once, spread over it.',
    ),
    confirmMs: preset(
      'confirm',
      kind.duration(5 * SECOND, HOUR),
      '1m',
      'After a failed look at an address that is up the next one follows so soon.',
    ),
    failedLooksToDown: preset(
      'failed_looks_to_down',
      kind.integer(1, 100),
      3,
      'Failed looks in a row until clients are no longer sent there; one lost packet is nothing.',
    ),
    goodLooksToUp: preset(
      'good_looks_to_up',
      kind.integer(1, 100),
      4,
      'Good looks in a row until they are sent there again.',
    ),
    oldAfterMs: preset(
      'old_after',
      kind.duration(10 * MINUTE, 30 * DAY),
      '1d',
      'A timestamp so much older than the network’s newest, or so long unavailable, makes a mirror old.',
    ),
    removedAfterMs: preset(
      'removed_after',
      kind.duration(10 * MINUTE, 60 * DAY),
      '2d',
      'So long old, it is taken off the list.',
    ),
    backAfterLooks: preset(
      'back_after_looks',
      kind.integer(1, 1000),
      6,
      'Good and fresh looks in a row until it is listed again.',
    ),
    blindShare: preset(
      'blind_share',
      kind.share(),
      0.5,
      'When more than this share fails at once, it is rather our fault than theirs: nobody is put down.',
    ),
    keepLast: preset(
      'keep_last',
      kind.integer(1, 1000),
      2,
      'So many mirrors stay listed whatever happens.',
    ),
    unobservedMs: preset(
      'unobserved',
      kind.duration(10 * MINUTE, 7 * DAY),
      '1h',
      'A longer pause between two looks was not observed and counts for nothing; longer than `round`.',
    ),
    clockSkewMaxMs: preset(
      'clock_skew_max',
      kind.duration(10 * SECOND, DAY),
      '5m',
      'When most mirrors’ clocks differ more from ours, ours is wrong, and nobody is judged.',
    ),
    stampOverdueMs: preset(
      'stamp_overdue',
      kind.duration(10 * MINUTE, 30 * DAY),
      '13h',
      'Without a new timestamp for so long the team is told; two of the six-hourly ones.',
    ),
    addressWarnAfterMs: preset(
      'address_warn_after',
      kind.duration(MINUTE, 30 * DAY),
      '1h',
      'One dead address of a mirror that serves by others is told after so long.',
    ),
    looksAtOnce: preset(
      'looks_at_once',
      kind.integer(1, 1000),
      32,
      'Looks under way at the same time.',
    ),
    anchors: preset(
      'anchors',
      kind.listOf(kind.hostAndPort),
      [],
      'Places of others, `HOST:PORT`, one of which takes a connection as long as our own line is good.',
    ),
    nameServers: preset(
      'name_servers',
      kind.listOf(kind.hostAndPort),
      [],
      'Name servers of the zone, `HOST:PORT` by address, that are asked each minute and compared. Empty: those of `[[dns.name_servers]]` here, if any.',
    ),
    tree: optional(
      'tree',
      kind.path,
      '/var/lib/cvdnet/master/current',
      'What a master on this machine publishes, to compare bytes with. Absent: small files only, by hash.',
    ),
  },
} as const satisfies Section

export const MAIL = {
  path: 'mail',
  kind: 'table',
  about: 'Letters go out by SMTP. Absent: they wait in the store, and the news are in `news.atom`.',
  fields: {
    from: required(
      'from',
      kind.mailAddress,
      'cvdnet@clamav.example',
      'The address they come from.',
    ),
    host: preset('host', kind.host, '127.0.0.1', 'The mail server.'),
    port: preset(
      'port',
      kind.integer(1, 65_535),
      25,
      'Its port; 587 where one logs in, 465 for `tls`.',
    ),
    security: preset(
      'security',
      kind.oneOf('none', 'starttls', 'tls'),
      'none',
      'How the line is kept private; `none` is for a server on this machine.',
    ),
    user: optional('user', kind.name, 'cvdnet', 'Login there. Absent: none.'),
    passwordFile: optional(
      'password_file',
      kind.path,
      'secrets/mail',
      'File with the password of that login, one line. This or `password_env`.',
    ),
    passwordEnv: optional(
      'password_env',
      kind.environmentName,
      'MAIL_PASSWORD',
      'Environment variable with the password instead.',
    ),
    virusdb: optional(
      'virusdb',
      kind.mailAddress,
      'clamav-virusdb@lists.clamav.example',
      'Everybody who wants to know what each release brings.',
    ),
    mirrors: optional(
      'mirrors',
      kind.mailAddress,
      'clamav-mirrors@lists.clamav.example',
      'Operators of mirrors: downtimes, addresses, keys.',
    ),
    team: optional(
      'team',
      kind.mailAddress,
      'clamav-team@lists.clamav.example',
      'Sigmakers and operators of the network: what is wrong.',
    ),
    patienceMs: preset(
      'patience',
      kind.duration(0, DAY),
      '5m',
      'A problem that ends sooner is not told.',
    ),
    calmMs: preset(
      'calm',
      kind.duration(MINUTE, DAY),
      '30m',
      'It must be over for so long until the all-clear.',
    ),
    remindEveryMs: preset(
      'remind_every',
      kind.duration(HOUR, 30 * DAY),
      '1d',
      'While it lasts it is told again so often.',
    ),
    lettersPerHourMax: preset(
      'letters_per_hour',
      kind.integer(1, 10_000),
      20,
      'Letters about problems in an hour; the others wait their turn.',
    ),
  },
} as const satisfies Section

export const METRICS = {
  path: 'metrics',
  kind: 'table',
  about:
    'Present: numbers for Prometheus at `/metrics`, of every role on this machine; of a name server also `/explain` and `/dns` as JSON.',
  fields: {
    host: preset(
      'host',
      kind.host,
      '127.0.0.1',
      'The address to listen on; numbers are nobody else’s business.',
    ),
    port: preset('port', kind.integer(0, 65_535), 9464, 'The port; 0 lets the system choose.'),
  },
} as const satisfies Section
