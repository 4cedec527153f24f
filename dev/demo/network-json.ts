/** `network.json`, the demo's word to other programs about what runs where. Its shape is a contract. */
export interface NetworkJson {
  readonly zone: string
  readonly dns: { readonly host: string; readonly port: number } | null
  readonly site: string
  readonly masters: readonly {
    readonly name: string
    readonly host: string
    readonly sshPort: number
    readonly rsyncPort: number
    readonly module: string
    readonly hostKey: string
  }[]
  readonly mirrors: readonly {
    readonly name: string
    readonly host: string
    readonly httpPort: number
    readonly sshPort: number
    readonly country: string
    readonly region: string
    readonly docroot: string
    readonly conf: string
    readonly user: string
    readonly password: string
  }[]
  readonly sigmaker: {
    readonly name: string
    readonly identity: string
    readonly uploadUser: string
    readonly notifyUser: string
  }
}
