// Processors that can be replayed. A new one joins with one entry:
//
//   windowed     its results look back by its longest window and the bounds: a replay reads that much before the span.
//   remembering  what it says depends on everything it has read (a ledger, learned profiles, numbers given in turn): a
//                replay begins where live began, at the beginning of what is stored, or says that it could not.
//
// What a processor reads of another one's results it reads of the session's where those are replayed with it, else of live's.
// That follows from its input and their outputs, and needs no entry.

import { defaultRasterOptions } from '#models/anomaly/raster.ts';
import type { Venue } from '#models/venue/index.ts';
import { anomalyProcessor, SLOT_MS } from '#processors/anomaly/index.ts';
import { rasterAnomalyProcessor } from '#processors/anomaly-raster/index.ts';
import {
  DEFAULT_BOUNDS,
  densityProcessor,
  densityWindows,
  type TimeBounds,
} from '#processors/density/index.ts';
import { DWELL_BOUNDS, dwellProcessor, dwellWindows } from '#processors/dwell/index.ts';
import {
  FLOW_BOUNDS,
  flowProcessor,
  flowWindows,
  fusedFlowProcessor,
  fusedFlowWindows,
} from '#processors/flow/index.ts';
import { forecastProcessor, STEP_MS } from '#processors/forecast/index.ts';
import { FUSION_BOUNDS, fusedWindows, fusionProcessor, READING_BOUNDS } from '#processors/fusion/index.ts';
import { configuredGates, configuredOccupancy, driftProcessor } from '#processors/occupancy/index.ts';
import { pressureProcessor, pressureWindows } from '#processors/pressure/index.ts';
import { programmeProcessor } from '#processors/programme/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import type { WindowSpec } from '#processors/window/index.ts';
import { messageTimeOf } from '#streams/replay/index.ts';
import { forecastKind } from '#streams/schema/registry.ts';
import { ReplayError } from './errors.ts';
import { type Lane, processorLane, type TimeOf } from './lane.ts';

export interface Replayable {
  readonly memory: 'window' | 'history';
  /** What live uses; those that read no frames have none to change. */
  readonly bounds: TimeBounds;
  /** Whether it computes from frames, so that zones and bounds change its results directly. */
  readonly readsFrames: boolean;
  /** What it reads and writes, as subjects of a venue. */
  subjects(venue: Venue): {
    readonly stream: string;
    readonly filters: readonly string[];
    readonly outputs: readonly string[];
  };
  /** The processor of a venue with empty state, as a lane. */
  lane(venue: Venue, bounds: TimeBounds): Lane;
  /** Event time that must have been read before a result is what live computed, ms; Infinity for `history`. */
  warmUpMs(venue: Venue, bounds: TimeBounds): number;
  /** Event time behind a moment that must have been read for its results to be out and final, ms. */
  settleMs(venue: Venue, bounds: TimeBounds): number;
  /** What in a result of live shows that live was run otherwise than a replay runs it, as a sentence. */
  readonly otherwise?: Otherwise;
}

export interface Otherwise {
  /** Whose newest result of live is looked at. */
  filter(venue: Venue): string;
  /** @throws what the decoder throws */
  tell(payload: Uint8Array): string | undefined;
}

interface Recipe<Input> {
  /** Left out by processors that read no frames. */
  readonly bounds?: TimeBounds;
  create(venue: Venue, bounds: TimeBounds): Processor<Input>;
}

interface Windowed<Input> extends Recipe<Input> {
  readonly bounds: TimeBounds;
  windows(tickMs: number): readonly WindowSpec[];
}

interface Remembering<Input> extends Recipe<Input> {
  /** Event time of an input, where the partition does not tell its watermark; see processorLane(). */
  readonly timeOf?: TimeOf<Input>;
  settleMs(venue: Venue, bounds: TimeBounds): number;
  readonly otherwise?: Otherwise;
}

const NO_BOUNDS: TimeBounds = { disorderMs: 0, latenessMs: 0, idleMs: 0, futureMs: 0 };

const longest = (windows: readonly WindowSpec[], of: 'lengthMs' | 'hopMs'): number =>
  Math.max(...windows.map((window) => window[of]));

function subjectsOf<Input>({ create, bounds = NO_BOUNDS }: Recipe<Input>): Replayable['subjects'] {
  return (venue) => {
    const { input, outputs } = create(venue, bounds);
    return { ...input, outputs };
  };
}

/** A processor of sliding windows, as the window engine runs them. */
function windowed<Input>(recipe: Windowed<Input>): Replayable {
  const { bounds: own, create, windows } = recipe;
  return {
    memory: 'window',
    bounds: own,
    readsFrames: true,
    subjects: subjectsOf(recipe),
    lane: (venue, bounds) => processorLane(create(venue, bounds)),
    warmUpMs: ({ tickMs }, bounds) =>
      longest(windows(tickMs), 'lengthMs') + longest(windows(tickMs), 'hopMs') + outOfOrderMs(bounds),
    settleMs: ({ tickMs }, bounds) => bounds.latenessMs + longest(windows(tickMs), 'hopMs') + tickMs,
  };
}

/** A processor whose results depend on all it has read. */
function remembering<Input>(recipe: Remembering<Input>): Replayable {
  const { bounds: own = NO_BOUNDS, create, timeOf, settleMs } = recipe;
  return {
    memory: 'history',
    bounds: own,
    readsFrames: recipe.bounds !== undefined,
    subjects: subjectsOf(recipe),
    lane: (venue, bounds) => processorLane(create(venue, bounds), timeOf),
    warmUpMs: () => Number.POSITIVE_INFINITY,
    settleMs,
    ...(recipe.otherwise ? { otherwise: recipe.otherwise } : {}),
  };
}

/** By how much event times may be out of order in the stream, ms. */
export function outOfOrderMs({ disorderMs, latenessMs, idleMs, futureMs }: TimeBounds): number {
  return disorderMs + latenessMs + idleMs + futureMs;
}

/** For what follows the zones' windows, whatever else it reads beside them. */
const byDensity: TimeOf<unknown> = (_, { subject, data }) =>
  subject.startsWith('win.density.') ? messageTimeOf({ subject, payload: data }) : undefined;

const byMessage: TimeOf<unknown> = (_, { subject, data }) => messageTimeOf({ subject, payload: data });

/** For what follows the rasters. */
const byRaster: TimeOf<unknown> = (_, { subject, data }) =>
  subject.startsWith('grid.') ? messageTimeOf({ subject, payload: data }) : undefined;

/** A slot closes at the latest with a window that ends more than a slot behind it; zones may be some seconds apart. */
const slots = (slotMs: number) => (): number => 2 * slotMs + DEFAULT_BOUNDS.latenessMs;

export const REPLAYABLE: Readonly<Record<string, Replayable>> = {
  density: windowed({ bounds: DEFAULT_BOUNDS, create: densityProcessor, windows: densityWindows }),
  flow: windowed({ bounds: FLOW_BOUNDS, create: flowProcessor, windows: flowWindows }),
  pressure: windowed({ bounds: DEFAULT_BOUNDS, create: pressureProcessor, windows: pressureWindows }),
  // A stay has begun when it has begun: hours ago in a stand.
  dwell: remembering({
    bounds: DWELL_BOUNDS,
    create: dwellProcessor,
    settleMs: ({ tickMs }, bounds) => bounds.latenessMs + longest(dwellWindows(tickMs), 'hopMs') + tickMs,
  }),
  // It numbers persons from the first on, and learns how often each camera misses one.
  fusion: remembering({
    bounds: FUSION_BOUNDS,
    create: fusionProcessor,
    settleMs: ({ tickMs }, bounds) => bounds.latenessMs + longest(fusedWindows(tickMs), 'hopMs') + 2 * tickMs,
  }),
  'flow-fused': windowed({ bounds: READING_BOUNDS, create: fusedFlowProcessor, windows: fusedFlowWindows }),
  // Both name the second that their event is in by the greatest event time so far. With the settings that live has.
  gates: remembering({ create: (venue) => configuredGates(venue), timeOf: byMessage, settleMs: () => 0 }),
  occupancy: remembering({
    create: (venue) => configuredOccupancy(venue),
    timeOf: byMessage,
    settleMs: () => 0,
  }),
  programme: remembering({
    create: (venue) => programmeProcessor(venue),
    timeOf: byMessage,
    settleMs: () => 0,
  }),
  // Its balances are struck by the zones' windows; what gates say runs ahead of them.
  drift: remembering({
    create: (venue) => driftProcessor(venue),
    timeOf: byDensity,
    settleMs: () => DEFAULT_BOUNDS.latenessMs,
  }),
  anomaly: remembering({
    create: (venue) => anomalyProcessor(venue),
    timeOf: byDensity,
    settleMs: slots(SLOT_MS),
  }),
  'anomaly-raster': remembering({
    create: (venue) => rasterAnomalyProcessor(venue),
    timeOf: byRaster,
    settleMs: slots(defaultRasterOptions.slotMs),
  }),
  forecast: remembering({
    create: (venue) => forecastProcessor(venue),
    timeOf: byDensity,
    settleMs: slots(STEP_MS),
    otherwise: {
      filter: ({ org, id }) => `fcst.*.${org}.${id}.*`,
      tell(payload) {
        const { model } = forecastKind.codec.decode(payload);
        if (model === undefined || model.id === 'statistical') return undefined;
        return `forecast is replayed with the statistical model, and live forecasts with the trained one ${model.id}`;
      },
    },
  }),
};

/** Processors that cannot be replayed, each with the reason. */
export const NOT_REPLAYABLE: Readonly<Record<string, string>> = {};

/** @throws ReplayError `processor-unknown` */
export function replayable(name: string): Replayable {
  const found = Object.hasOwn(REPLAYABLE, name) ? REPLAYABLE[name] : undefined;
  if (found !== undefined) return found;
  const reason = Object.hasOwn(NOT_REPLAYABLE, name) ? `: ${NOT_REPLAYABLE[name]}` : '';
  throw new ReplayError(
    'processor-unknown',
    `"${name}" cannot be replayed${reason}`,
    `use one or more of ${Object.keys(REPLAYABLE).join(', ')}`,
  );
}
