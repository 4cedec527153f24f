import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MIRROR_EVENTS, nextStage } from './life.ts'
import { MIRROR_STAGES as STAGES } from './record.ts'

/** Every event on every stage: `.` is refused, `=` stays, else the first three letters of the next stage. */
const TABLE = `
               app che cre tes lis old rem sus ret ref
  apply-again   .   .   .   .   .   .   .   .  app app
  check-good   che  =  tes  =   =   =   =   =   .   .
  check-bad     =  app  =  cre  =   =   =   =   .   .
  approve      cre cre  .  lis  .   .   .   .   .   .
  refuse       ref ref ref ref  .   .   .   .   .   .
  fall-behind   .   .   .   .  old  .   .   .   .   .
  stay-behind   .   .   .   .   .  rem  .   .   .   .
  recover       .   .   .   .   .  lis lis  .   .   .
  pause         .   .   =   =   =   =   =   .   .   .
  resume        .   .   =   =   =   =   =   =   .   .
  suspend       .   .   .   .  sus sus sus  .   .   .
  reinstate     .   .   .   .   .   .   .  rem  .   .
  retire       ret ret ret ret ret ret ret ret  .   .
  move-address  =   =   =   =   =   =   =   =   .   .
  new-host-key  =   =   =   =   =   =   =   =   .   .
  limit-push    =   =   =   =   =   =   =   =   .   .
`

test('every event on every stage leads where the table says', () => {
  const short = (stage: string) => stage.slice(0, 3)
  const rows = MIRROR_EVENTS.map((event) => {
    const cells = STAGES.map((stage) => {
      const next = nextStage(stage, event)
      return next.ok ? (next.value === stage ? '=' : short(next.value)) : '.'
    })
    return [event, ...cells].join(' ')
  })
  const drawn = TABLE.trim()
    .split('\n')
    .map((row) => row.trim().split(/ +/).join(' '))
  assert.deepEqual([STAGES.map(short).join(' '), ...rows], drawn)
})

test('every no says where the mirror stands and what to do instead', () => {
  for (const event of MIRROR_EVENTS) {
    for (const stage of STAGES) {
      const next = nextStage(stage, event)
      if (!next.ok) assert.match(next.fault, /^(?:is|has|was) [^;]+; [^;]{10,}$/)
    }
  }
})

test('no way leads to listed but through a full check and the team, or the monitor', () => {
  const into = MIRROR_EVENTS.flatMap((event) =>
    STAGES.flatMap((stage) => {
      const next = nextStage(stage, event)
      return next.ok && next.value === 'listed' && stage !== 'listed' ? [`${event} ${stage}`] : []
    }),
  )
  assert.deepEqual(into, ['approve tested', 'recover old', 'recover removed'])
})
