import { openStore } from '#adapters/store/index.ts'
import { type DemoKeys, freePort, layout } from './layout.ts'
import { startMailSink } from './mail-sink.ts'
import { planNetwork, writeNetworkJson } from './network.ts'
import type { NetworkJson } from './network-json.ts'
import { type NodeProcess, startNode } from './node-process.ts'
import { writeNodes } from './nodes.ts'
import { registerMirrors } from './parts.ts'
import { startSite } from './site.ts'

export interface DemoProcesses extends AsyncDisposable {
  readonly json: NetworkJson
  readonly keys: DemoKeys
  readonly nodes: readonly NodeProcess[]
}

/** The whole network, each node in a process of its own, which may be killed and started again by hand. */
export async function startNodes(options: {
  readonly folder: string
  readonly masters: number
  readonly mirrors: number
}): Promise<DemoProcesses> {
  const { folder } = options
  const plan = await planNetwork(folder, options)
  await using starting = new AsyncDisposableStack()
  {
    await using store = await openStore({ kind: 'sqlite', path: layout(folder).store })
    await registerMirrors(store, plan.mirrors)
  }
  const sink = starting.use(await startMailSink(layout(folder).mail))
  const dns = { host: '127.0.0.1', port: await freePort(['127.0.0.1']) }
  const written = await writeNodes(plan, { dns, mailPort: sink.port })
  const nodes = await Promise.all(
    written.map(async (node) => {
      const again = `./cvdnet run --config ${node.config}`
      const onEnd = (how: string) =>
        process.stderr.write(`  ${node.name} ended (${how}); start it again: ${again}\n`)
      return starting.use(await startNode(node, onEnd))
    }),
  )
  const [first] = plan.masters
  if (first === undefined) throw new Error('Cannot run a network without a master')
  const site = starting.use(await startSite(`${layout(folder).master(first.name)}/current`))
  const json = await writeNetworkJson(plan, {
    dns,
    site: `http://${site.host}:${site.port}/`,
  })
  const running = starting.move()
  return {
    json,
    keys: plan.keys,
    nodes,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
