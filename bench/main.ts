// Front end of every measurement: `npm run bench -- <name> [--json]`. A bench is a file of this folder that exports
// `run`; it prints a table for people and returns its figures; with --json the last line is those figures.
import { existsSync, readdirSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export type Figures = Readonly<Record<string, number | string>>;

interface Bench {
  run(options: { json: boolean }): Promise<Figures>;
}

const folder = path.dirname(fileURLToPath(import.meta.url));
const NOT_BENCHES = new Set(['main.ts']);

function isBench(module: unknown): module is Bench {
  return typeof module === 'object' && module !== null && 'run' in module && typeof module.run === 'function';
}

/** Names of the benches: the files of this folder. */
export function benchNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !NOT_BENCHES.has(file))
    .map((file) => file.slice(0, -3))
    .sort();
}

/** Runs a bench by name and prints its figures; throws naming the known ones when there is none of that name. */
export async function runBench(name: string, options: { json: boolean }): Promise<Figures> {
  const file = path.join(folder, `${name}.ts`);
  if (!benchNames().includes(name) || !existsSync(file)) {
    throw new Error(`no bench "${name}": choose one of ${benchNames().join(', ')}`);
  }
  const module: unknown = await import(pathToFileURL(file).href);
  if (!isBench(module)) throw new Error(`bench/${name}.ts exports no run(options)`);
  const cpu = cpus();
  const load = loadavg()[0] ?? 0;
  console.log(
    `bench ${name} on ${cpu.length} x ${cpu[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ` +
      `Node ${process.versions.node}, load ${load.toFixed(2)} at the start`,
  );
  const figures = await module.run(options);
  if (options.json) console.log(JSON.stringify({ bench: name, load_at_start: load, ...figures }));
  return figures;
}
