// `tidewatch bench <name> [--json]`: every measurement, rerunnable by anyone.
import type { Command } from 'commander';
import { benchNames, runBench } from '#bench/main.ts';

export function register(program: Command): void {
  program
    .command('bench')
    .description('measure, in one run, beside named rivals')
    .argument('<name>', `one of ${benchNames().join(', ')}`)
    .option('--json', 'end with one line of JSON figures', false)
    .action(async (name: string, options: { json: boolean }) => {
      await runBench(name, options);
    });
}
