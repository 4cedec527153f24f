import { parseIpAddress } from '#base/ip-address.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { Explanation } from '#core/zone/index.ts'
import type { DnsNode } from './compose.ts'

const PARAMETERS = ['client', 'name']

/** `?client=IP&name=NAME`, nothing else and nothing twice; without `name` it is `database.ZONE`. The fault is a sentence. */
export function explainAsked(
  node: Pick<DnsNode, 'explain'>,
  query: URLSearchParams,
): Outcome<Explanation, string> {
  for (const key of new Set(query.keys())) {
    if (!PARAMETERS.includes(key)) return fail(`there is no parameter ${JSON.stringify(key)}`)
    if (query.getAll(key).length > 1) return fail(`${key} is there twice`)
  }
  const client = query.get('client')
  if (client === null) return fail('client is missing: the address that asks')
  if (parseIpAddress(client) === undefined) {
    return fail(`client is no address: ${JSON.stringify(client)}`)
  }
  const name = query.get('name') ?? undefined
  const explanation = node.explain(client, name)
  return explanation === undefined
    ? fail(`name is no domain name: ${JSON.stringify(name)}`)
    : ok(explanation)
}
