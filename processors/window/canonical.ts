// Result blocks as text in one canonical form: what "the same output, byte for byte" compares.
import type { WindowBlock, WindowConfig, WindowOutput } from './types.ts';

/** One line of JSON per result row, in the order issued. Unknown figures are null. */
export function canonicalRows(config: WindowConfig, block: WindowBlock): string[] {
  const names = Object.keys(block.values).sort();
  const objectNames = Object.keys(block.objects).sort();
  const rows: string[] = [];
  for (let i = 0; i < block.keys.length; i++) {
    const row: Record<string, unknown> = {
      window: config.windows[block.window]!.name,
      start: block.start,
      end: block.end,
      key: config.keys[block.keys[i]!]!.name,
      revision: block.revisions[i],
      completeness: finite(block.completeness[i]!),
      frames: block.frames[i],
      silent: block.silent[i]!.map((source) => config.sources[source]!.name),
    };
    for (const name of names) row[name] = finite(block.values[name]![i]!);
    for (const name of objectNames) row[name] = block.objects[name]![i];
    rows.push(JSON.stringify(row));
  }
  return rows;
}

/** Every output as lines: windows, then late, rejected and gaps. */
export function canonicalOutput(config: WindowConfig, output: WindowOutput): string[] {
  const lines = output.windows.flatMap((block) => canonicalRows(config, block));
  for (const late of output.late) lines.push(JSON.stringify({ late }));
  for (const rejected of output.rejected) lines.push(JSON.stringify({ rejected }));
  for (const gap of output.gaps) lines.push(JSON.stringify({ gap }));
  return lines;
}

function finite(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
