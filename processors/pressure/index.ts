// Crowd pressure and other signs of lost control per zone as sliding windows: obs.tracks in, win.pressure* out.
import type { Venue } from '#models/venue/index.ts';
import type { Output, Partition, Processor } from '#processors/runtime/index.ts';
import type { WindowBlock } from '#processors/window/index.ts';
import { pressureKind } from '#streams/schema/registry.ts';
import type { PressureWindow } from '#streams/schema/window.ts';
import { DEFAULT_BOUNDS } from '../density/config.ts';
import type { TimeBounds } from '../shared/bounds.ts';
import type { TracksInput } from '../shared/input.ts';
import { tickedPartition } from '../shared/ticked.ts';
import { tracksProcessor } from '../shared/tracks-processor.ts';
import { windowMessages } from '../shared/window-messages.ts';
import {
  BOUNDS,
  DEFAULT_PRESSURE,
  type PressureOptions,
  type PressureWindowSpec,
  pressureWindows,
  SWINGING_METRIC,
} from './config.ts';
import { COLUMNS, PressureKernel } from './kernel.ts';

export { DEFAULT_PRESSURE, type PressureOptions, pressureWindows, SWING_MS } from './config.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 2;

/** One venue's pressure: frames in, results out. Pure. */
export function pressurePartition(
  venue: Venue,
  bounds: TimeBounds = DEFAULT_BOUNDS,
  options: PressureOptions = DEFAULT_PRESSURE,
): Partition<TracksInput> {
  const windows = pressureWindows(venue.tickMs);
  const kernel = new PressureKernel(venue, options, pressureResults(venue, windows, options));
  return tickedPartition({
    name: 'pressure',
    venue,
    bounds,
    windows,
    keys: kernel.keys,
    columns: COLUMNS,
    aggregates: {
      density: { kind: 'mean', column: 'density', quantum: 2 ** -14, maxAbs: BOUNDS.density },
      densityMax: { kind: 'max', column: 'density' },
      pressure: { kind: 'mean', column: 'pressure', quantum: 2 ** -17, maxAbs: BOUNDS.pressure },
      pressureMax: { kind: 'max', column: 'peak' },
      congestion: { kind: 'mean', column: 'congestion', maxAbs: BOUNDS.congestion },
      counterflow: { kind: 'mean', column: 'counterflow', quantum: 2 ** -16, maxAbs: 1 },
      dispersal: { kind: 'mean', column: 'dispersal', quantum: 2 ** -15, maxAbs: BOUNDS.dispersal },
      dispersalMax: { kind: 'max', column: 'dispersal' },
      packed: { kind: 'mean', column: 'packed', quantum: 1, maxAbs: BOUNDS.persons },
      packedMax: { kind: 'max', column: 'packed' },
      packedDensity: { kind: 'mean', column: 'packedDensity', quantum: 2 ** -14, maxAbs: BOUNDS.density },
      packedPressure: { kind: 'mean', column: 'packedPressure', quantum: 2 ** -17, maxAbs: BOUNDS.pressure },
      packedVarX: { kind: 'variance', column: 'packedVx', maxAbs: 16 },
      packedVarY: { kind: 'variance', column: 'packedVy', maxAbs: 16 },
      fullest: { kind: 'mean', column: 'fullest', quantum: 2 ** -14, maxAbs: BOUNDS.density },
      opposing: { kind: 'mean', column: 'opposing', quantum: 2 ** -16, maxAbs: 1 },
      varX: { kind: 'variance', column: 'vx', maxAbs: 16 },
      varY: { kind: 'variance', column: 'vy', maxAbs: 16 },
      samples: { kind: 'count', column: 'vx' },
    },
    kernel,
  });
}

function pressureResults(
  venue: Venue,
  specs: readonly PressureWindowSpec[],
  { noiseVariance, leastPersons, leastPacked }: PressureOptions,
): (kernel: PressureKernel, block: WindowBlock, outputs: Output[]) => void {
  const { append, headOf } = windowMessages({
    processor: 'pressure',
    kind: pressureKind,
    venue,
    specs,
    keys: venue.zones.map(({ id, level }) => ({ key: id, level })),
  });
  return (kernel, block, outputs) => append(block, outputs, (row) => result(kernel, block, row));

  function result(kernel: PressureKernel, block: WindowBlock, row: number): PressureWindow {
    const value = (name: string): number => block.values[name]![row]!;
    const density = value('density');
    const seen = !Number.isNaN(density);
    const variance = Math.max(0, value('varX') + value('varY') - noiseVariance);
    const samples = value('samples');
    const swings = seen && specs[block.window]!.metric === SWINGING_METRIC;
    return {
      metric: 'pressure',
      ...headOf(block, row),
      density: seen ? { mean: density, max: value('densityMax') } : null,
      pressure: seen
        ? {
            mean: orNull(value('pressure')),
            max: orNull(value('pressureMax')),
            window: samples >= leastPersons ? orNull(density * variance) : null,
          }
        : null,
      congestion: orNull(value('congestion')),
      counterflow: orNull(value('counterflow')),
      dispersal: Number.isNaN(value('dispersal'))
        ? null
        : { mean: value('dispersal'), max: value('dispersalMax') },
      packed: seen ? packedOf(value, noiseVariance) : null,
      oscillation: swings
        ? oscillationOf(kernel, block.keys[row]!, block.end, value('packed') >= leastPacked)
        : null,
      samples: Number.isNaN(samples) ? 0 : samples,
    };
  }
}

function packedOf(
  value: (name: string) => number,
  noiseVariance: number,
): NonNullable<PressureWindow['packed']> {
  const pressure = value('packedPressure');
  const persons = value('packed');
  // Of a mean over n persons noise leaves an nth.
  const variance = value('packedVarX') + value('packedVarY') - noiseVariance / persons;
  return {
    persons: { mean: persons, max: value('packedMax') },
    fullest: value('fullest'),
    // Below 0 the cameras erred less than was stated.
    pressure: Number.isNaN(pressure) ? null : Math.max(0, pressure),
    common: orNull(value('packedDensity') * Math.max(0, variance)),
    opposing: orNull(value('opposing')),
  };
}

/** Only a packed crowd swings as one: the mean velocity of few people, or of people with room, goes up and down by itself. */
function oscillationOf(
  kernel: PressureKernel,
  key: number,
  endMs: number,
  packed: boolean,
): PressureWindow['oscillation'] {
  const found = kernel.oscillation(key, endMs);
  if (found.state === 'unknown') return { state: 'unknown', frequency: null, amplitude: null, share: null };
  const { state, frequency, amplitude, share } = found;
  return { state: packed ? state : 'still', frequency, amplitude, share };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The pressure processor of one venue. */
export function pressureProcessor(
  venue: Venue,
  bounds: TimeBounds = DEFAULT_BOUNDS,
  options: PressureOptions = DEFAULT_PRESSURE,
): Processor<TracksInput> {
  return tracksProcessor(venue, {
    name: 'pressure',
    stateVersion: STATE_VERSION,
    windows: pressureWindows(venue.tickMs),
    create: () => pressurePartition(venue, bounds, options),
  });
}
