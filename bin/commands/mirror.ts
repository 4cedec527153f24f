import type { Command } from 'commander'
import { addApplicationCommands } from './mirror/applications.ts'
import { addFollowCommands } from './mirror/follower.ts'
import { addKitCommands } from './mirror/kits.ts'
import { addLookCommands } from './mirror/looks.ts'
import { addOperatorCommands } from './mirror/operators.ts'
import { addTeamCommands } from './mirror/team.ts'
import { addWebserverCommand } from './mirror/webserver.ts'

/** `cvdnet mirror …`: a mirror from its application to its end. */
export function addMirrorCommands(cvdnet: Command): void {
  const mirror = cvdnet
    .command('mirror')
    .description('mirrors: apply, check, approve, kit, join, pause and what follows')
    .addHelpText('after', LIFE_HELP)
  addApplicationCommands(mirror)
  addLookCommands(mirror)
  addTeamCommands(mirror)
  addKitCommands(mirror)
  addFollowCommands(mirror)
  addOperatorCommands(mirror)
  addWebserverCommand(mirror)
}

const LIFE_HELP = `
A mirror's way: its operator applies (apply), the team takes the application (add), looks at
the machine (check) and gives it a login (approve); the operator sets it up with the kit
(kit, join); after a full check the team lists it (approve again). From then on the monitor
takes it off when it falls behind, and back when it is well.

Exit status: 0 done, 1 refused, 2 wrong use, 3 the world failed.`
