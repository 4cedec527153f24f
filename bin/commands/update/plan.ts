import { readStart } from '#adapters/disk/index.ts'
import { type ClientPlan, clientPlan, notFollowed } from '#core/update/index.ts'
import {
  CONF_CHARS_MAX,
  describeConfFault,
  describeConfRemark,
  parseFreshclamConf,
} from '#formats/freshclam-conf/index.ts'
import { CommandEnd, complain, EXIT, ended } from '../../io.ts'

/** Tells every fault; what freshclam or we do not know or follow is told too. Throws `CommandEnd`. */
export async function readPlan(file: string): Promise<ClientPlan> {
  const bytes = await readStart(file, CONF_CHARS_MAX + 1).catch((error: unknown) => {
    throw ended(EXIT.usage, `cannot read the configuration "${file}"`, error)
  })
  const conf = parseFreshclamConf(Buffer.from(bytes).toString('latin1'))
  if (!conf.ok) throw withFaults(file, conf.fault.map(describeConfFault))
  for (const remark of conf.value.remarks) complain(`${file}: ${describeConfRemark(remark)}`)
  for (const name of notFollowed(conf.value)) complain(`${file}: ${name} is not followed here`)
  const plan = clientPlan(conf.value)
  if (!plan.ok) throw withFaults(file, plan.fault)
  return plan.value
}

function withFaults(file: string, faults: readonly string[]): CommandEnd {
  const lines = faults.map((fault) => `\n  ${fault}`).join('')
  return new CommandEnd(EXIT.usage, `the configuration "${file}" cannot be used:${lines}`)
}
