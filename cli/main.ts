// The one entry, `tidewatch <verb>`: each verb is a file of verbs/, so that one machine runs everything with one
// command and many machines run each part where it belongs.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { describeError } from './report.ts';

interface Verb {
  register(program: Command): void;
}

function isVerb(module: unknown): module is Verb {
  return (
    typeof module === 'object' &&
    module !== null &&
    'register' in module &&
    typeof module.register === 'function'
  );
}

const program = new Command('tidewatch')
  .description('Real-time stream-processing analytics for crowd safety in sports venues')
  .showHelpAfterError()
  .enablePositionalOptions();

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'verbs');
for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
  const module: unknown = await import(pathToFileURL(path.join(folder, file)).href);
  if (!isVerb(module)) throw new Error(`cli/verbs/${file} exports no register(program)`);
  module.register(program);
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
