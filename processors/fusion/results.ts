// Window blocks as win.density-fused* messages.
import { levelByDensity } from '#models/crowd/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { WindowBlock } from '#processors/window/index.ts';
import type { FusedDensityWindow } from '#streams/schema/occupancy.ts';
import { fusedDensityKind } from '#streams/schema/registry.ts';
import { windowMessages } from '../shared/window-messages.ts';
import { fusedWindows } from './config.ts';

export function fusionResults(venue: Venue): (block: WindowBlock, outputs: Output[]) => void {
  const { append, headOf } = windowMessages({
    processor: 'fusion',
    kind: fusedDensityKind,
    venue,
    specs: fusedWindows(venue.tickMs),
    keys: venue.zones.map(({ id, level }) => ({ key: id, level })),
  });
  return (block, outputs) => append(block, outputs, (row) => windowOf(block, row));

  function windowOf(block: WindowBlock, row: number): FusedDensityWindow {
    const zone = venue.zones[block.keys[row]!]!;
    const value = (name: string): number => block.values[name]![row]!;
    // NaN where no source sent anything: no tick is known either.
    const ticks = orNull(value('ticks')) ?? 0;
    const known = ticks > 0;
    const [mean, max, share] = [value('persons'), value('persons-max'), value('share')];
    const standing = zone.use === 'standing' || zone.use === 'seated';
    return {
      ...headOf(block, row),
      metric: 'density-fused',
      count: known ? { mean, max } : null,
      density: known ? { mean: mean / zone.areaM2, max: max / zone.areaM2 } : null,
      speed: orNull(value('speed')),
      levelOfService: known ? levelByDensity(mean / zone.areaM2, standing ? 'standing' : 'walking') : null,
      samples: known ? Math.round(value('seen') * ticks) : 0,
      ticks,
      observedShare: known ? Math.min(1, share) : null,
      corrected: known && share < 1,
      seen: orNull(value('seen')),
      expectedMissed: orNull(value('missed')),
    };
  }
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
