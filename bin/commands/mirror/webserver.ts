import { Argument, type Command } from 'commander'
import {
  ANALYSERS,
  type Analyser,
  WEB_SERVERS,
  type WebServer,
} from '#formats/web-server-conf/index.ts'
import type { WebserverOptions } from './print-webserver.ts'

/**
 * `cvdnet mirror webserver nginx|apache|lighttpd|caddy`: a complete configuration on standard output, and for the
 * analysers of old theirs (R42–R46, R77–R82). 2: values are missing or cannot stand in such a file.
 */
export function addWebserverCommand(mirror: Command): void {
  mirror
    .command('webserver')
    .description("print a web server's configuration for this mirror, or a log analyser's")
    .addArgument(new Argument('<server>').choices([...WEB_SERVERS, ...ANALYSERS]))
    .option('--config <file>', 'take zone, names and document root from this cvdnet.toml')
    .option('--zone <domain>', 'the network: clients ask database.ZONE and db.*.ZONE')
    .option('--root <folder>', 'document root: TO of clam-clientsync.conf')
    .option('--name <host>', 'another name of this mirror; may be given again', collect, [])
    .option('--port <number>', 'port to listen on', '80')
    .option('--log <file>', 'access log; default below /var/log')
    .option('--certificate <file>', 'serve HTTPS as well, with this chain')
    .option('--key <file>', 'and this private key')
    .option('--https-port <number>', 'on this port', '443')
    .option('--passwords <file>', 'htpasswd file for /local_stats/')
    .option('--statistics-from <host:port>', 'where cvdnet run serves /local_stats/')
    .option('--slow', '40 kB/s a connection for databases, 400 kB/s for patches')
    .action(async (server: WebServer | Analyser, options: WebserverOptions) => {
      const { webserver } = await import('./print-webserver.ts')
      process.stdout.write(await webserver(server, options))
    })
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
