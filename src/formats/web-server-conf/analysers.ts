/**
 * Settings of the log analysers of old for a mirror: without the network's own monitor (R80–R82), and with what they
 * keep, which has addresses in it, outside of the document root.
 */
import type { Site } from './site.ts'

export const ANALYSERS = ['webalizer', 'awstats'] as const
export type Analyser = (typeof ANALYSERS)[number]

export function printAnalyserConf(
  analyser: Analyser,
  { zone, root, accessLog, names }: Pick<Site, 'zone' | 'root' | 'accessLog' | 'names'>,
): string {
  const name = names[0] ?? `database.${zone}`
  const head = `# Made by "cvdnet mirror webserver ${analyser}".\n`
  if (analyser === 'webalizer') {
    return `${head}LogFile        ${accessLog}
LogType        clf
OutputDir      ${root}/local_stats
HistoryName    /var/lib/webalizer/${name}.hist
Incremental    yes
IncrementalName /var/lib/webalizer/${name}.current
HostName       ${name}
PageType       cvd
PageType       cdiff
PageType       htm*
IgnoreAgent    ClamAV-MirrorCheck*
HideURL        *.png
GroupAgent     ClamAV/     ClamAV
GroupAgent     CVDUPDATE/  cvdupdate
`
  }
  return `${head}LogFile="${accessLog}"
LogType=W
LogFormat=1
LogSeparator=" "
SiteDomain="${name}"
HostAliases="database.${zone} REGEX[^db\\.[^.]+\\.${zone.replaceAll('.', '\\.')}$]"
DNSLookup=0
DirData="/var/lib/awstats"
SkipUserAgents="REGEX[^ClamAV-MirrorCheck]"
NotPageList="css js class gif jpg jpeg png bmp ico svg"
`
}
