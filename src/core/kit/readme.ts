import { AT_HOME, type KitFacts, servedNames } from './facts.ts'
import { STATISTICS_AT_HOME } from './web-server.ts'

/** The ten steps of 2004, filled in for this mirror. */
export function kitReadme(facts: KitFacts): string {
  return [head(facts), webServer(facts), account(facts), clientsync(facts), after(facts)].join('\n')
}

function head({ zone, name, fingerprint, host, addresses, place }: KitFacts): string {
  return `# Mirror "${name}" of ${zone}

For ${host} (${addresses.join(', ')}). This folder holds the password of your mirror: keep it to yourself.

**First of all** compare this fingerprint with the one that the team told you by another way (mail, telephone):

    ${grouped(fingerprint)}

**The short way.** With \`cvdnet\` on the mirror's machine, as root:

    cvdnet mirror join THIS-FOLDER --fingerprint ${fingerprint}
    cvdnet run --config ${place.home}/${AT_HOME.settings}
`
}

function webServer(facts: KitFacts): string {
  const { httpPort, place } = facts
  const names = servedNames(facts).map((name) => `\`${name}\``)
  return `It does steps 2 to 5 and 7; our own server then does step 1. By hand, or with a server of your own, these are the ten:

## 1. A web server

It answers on port ${httpPort} for ${names.join(', ')}, out of \`${place.documentRoot}\`, without redirects: old clients
follow none. \`nginx.conf\`, \`apache.conf\` and \`lighttpd.conf\` are whole configurations. To try a name before DNS knows it, put a line into \`/etc/hosts\`.
`
}

function account({ account: user, place, sshPort, fingerprint }: KitFacts): string {
  return `## 2. An account

    useradd --create-home --home-dir ${place.home} --shell /bin/sh ${user}
    install -d -o ${user} -g ${user} ${place.documentRoot}

It may write the document root and nothing else. Its password stays locked, its shell is a real one: a key's command runs in it.

## 3. The masters' keys

\`authorized_keys_noshell\` lets each master start one command and nothing else. \`authorized_keys_shell\` also lets named people
of the team in, which is welcome and not required. Check the one you take:

    gpg --import network-key.asc                        # ${fingerprint.slice(-16)}
    gpg --verify authorized_keys_noshell.asc authorized_keys_noshell

## 4. In place

    install -d -m 700 -o ${user} -g ${user} ${place.home}/.ssh
    install -m 600 -o ${user} -g ${user} authorized_keys_noshell ${place.home}/${AT_HOME.authorizedKeys}

Your ssh server listens on port ${sshPort}; the masters have pinned its host key.
`
}

function clientsync({ account: user, place, publishers }: KitFacts): string {
  const to = (mode: string, file: string, path: string) =>
    `    install -m ${mode} -o ${user} -g ${user} ${file} ${place.home}/${path}`
  return `## 5. The sync

    install -d -m 755 -o ${user} -g ${user} ${place.home}/bin ${place.home}/var
    install -d -m 755 -o ${user} -g ${user} ${place.home}/etc ${place.home}/etc/publishers
${[
  to('755', 'clam-clientsync', AT_HOME.script),
  to('600', 'clam-clientsync.conf', AT_HOME.conf),
  to('644', 'root.json', AT_HOME.tufRoot),
  ...publishers.map(({ name }) =>
    to('644', `publishers/${name}.pub.json`, `${AT_HOME.publishers}/${name}.pub.json`),
  ),
  to('644', 'statistics.htpasswd', STATISTICS_AT_HOME),
].join('\n')}

At most one sync runs at a time; its lock and everything else it keeps lie in \`~/${AT_HOME.state}\`, outside of the web.
`
}

function after({ login, masters, zone, name, sshPort }: KitFacts): string {
  const list = masters.map(({ name: master, host, rsyncPort, hostKey }) =>
    [`- ${master}: ${host}, rsync port ${rsyncPort}`, `  host key \`${hostKey}\``].join('\n'),
  )
  return `## 6. Your login

You have told us who you are, and this is the answer: login \`${login.user}\`, with its password in \`clam-clientsync.conf\`.

## 7. The settings

\`clam-clientsync.conf\` has the document root in \`TO\`, the login, and in \`EXCLUDE\` what a sync neither fetches nor deletes.
Change \`TO\` if your files lie elsewhere. Mode 600: nobody else reads the password.

## 8. The firewall

In: ${sshPort}/tcp for the masters, and HTTP. Out: rsync to the masters. \`firewall.txt\` has the lines.

${list.join('\n')}

## 9. What is yours

Everything named \`local_*\` in the document root is yours and survives each sync; everything else that the masters do not have
is deleted. A sponsor's logo is \`local_logo.png\`, and \`index.html\` shows it. Statistics may stand in \`local_stats/\`, for
the login \`${login.user}\` with the password in \`statistics-password\`; leave out the agent \`ClamAV-MirrorCheck\`.

## 10. The list

Join the list \`clamav-mirrors\`. Tell the team that the mirror is ready:

    cvdnet mirror check ${name}          # the team's: ports, names, ranges, speed, a full sync
    cvdnet mirror approve ${name}        # now db.*.${zone} may answer with it

Planned downtime, another address, another ssh host key: say so on the list beforehand.
`
}

/** `ABCD EF01 …`, as gpg prints it. */
export function grouped(fingerprint: string): string {
  return fingerprint.match(/.{1,4}/g)?.join(' ') ?? ''
}
