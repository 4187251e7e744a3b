// Window blocks as win.dwell* messages: one JSON message per zone and window.
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { WindowBlock } from '#processors/window/index.ts';
import type { DwellWindow } from '#streams/schema/dwell.ts';
import { dwellKind } from '#streams/schema/registry.ts';
import { windowMessages } from '../shared/window-messages.ts';
import type { DwellSettings, DwellWindowSpec } from './config.ts';
import type { DwellKernel } from './kernel.ts';

export function dwellResults(
  venue: Venue,
  specs: readonly DwellWindowSpec[],
  { loiteringS }: DwellSettings,
): (kernel: DwellKernel, block: WindowBlock, outputs: Output[]) => void {
  const { append, headOf } = windowMessages({
    processor: 'dwell',
    kind: dwellKind,
    venue,
    specs,
    keys: venue.zones.map(({ id, level }) => ({ key: id, level })),
  });
  return (kernel, block, outputs) => append(block, outputs, (row) => result(kernel, block, row));

  function result(kernel: DwellKernel, block: WindowBlock, row: number): DwellWindow {
    const value = (name: string): number => block.values[name]![row]!;
    const key = block.keys[row]!;
    const now = kernel.now(key, block.end);
    const afterS = loiteringS[venue.zones[key]!.use];
    // A tick in which a live camera looked at the zone gives a count, be it 0.
    const seen = !Number.isNaN(value('present'));
    const count = value('stays');
    return {
      metric: 'dwell',
      ...headOf(block, row),
      present: seen ? { now: now?.persons ?? null, mean: value('present'), max: value('presentMax') } : null,
      stay:
        now === undefined || now.persons === 0
          ? null
          : { mean: Math.round(now.sumMs / now.persons) / 1000, longest: now.longestMs / 1000 },
      loitering:
        seen && afterS !== null ? { afterS, now: now?.loiterers ?? null, max: value('loiterersMax') } : null,
      ended: seen
        ? {
            count,
            vanished: value('vanished'),
            mean: orNull(value('stay')),
            median: orNull(value('stayOf.p50')),
            p95: orNull(value('stayOf.p95')),
            longest: orNull(value('stayMax')),
          }
        : null,
    };
  }
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
