import type { Command } from 'commander'

/** `cvdnet cvd …`: databases and patches from the command line. */
export function addCvdCommands(cvdnet: Command): void {
  cvdnet.command('cvd').description('look into databases and check them')
}
