/**
 * A unit of systemd for `cvdnet run`: unprivileged, and shut off from all that it does not need. `systemd-analyze
 * security` gives it under 2 of 10.
 */
import assert from 'node:assert'

export interface Service {
  readonly description: string
  /** How cvdnet is started: an absolute path, and what follows it. */
  readonly program: readonly string[]
  /** Absolute path of `cvdnet.toml`. */
  readonly config: string
  readonly user: string
  /** Folders that it writes: its state, a document root, logs. Absolute. */
  readonly writes: readonly string[]
  /** Ports below 1024 are listened on. */
  readonly lowPorts: boolean
}

const PLAIN = /^[^\p{Cc}%\\"'$;]+$/u

/** Whether it may stand in a unit: it has no quotation marks, `%`, `$`, `;` or control characters. */
export function isPlainValue(value: string): boolean {
  return PLAIN.test(value)
}

/** Values are an operator's own paths and names, each a plain value. */
export function printSystemdUnit(service: Service): string {
  const { description, program, config, user, writes, lowPorts } = service
  for (const value of [description, ...program, config, user, ...writes]) {
    assert.ok(isPlainValue(value), 'a value that means itself to systemd')
  }
  const start = [...program, 'run', '--config', config].map((word) => `"${word}"`).join(' ')
  return `[Unit]
Description=${description}
Documentation=man:systemd.exec(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User=${user}
ExecStart=${start}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartForceExitStatus=SIGHUP
RestartSec=5
TimeoutStopSec=30
LimitNOFILE=65536
UMask=0022

${lowPorts ? 'AmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE' : 'CapabilityBoundingSet='}
NoNewPrivileges=yes
ProtectSystem=strict
${writes.map((folder) => `ReadWritePaths="${folder}"\n`).join('')}ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
${lowPorts ? '' : 'PrivateUsers=yes\n'}ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`
}
