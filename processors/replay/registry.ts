// Processors that can be replayed. A new one joins with one entry: how it is made, its bounds, and how far its results look
// back. What a result depends on must lie within its longest window and the bounds before its end: of anything older a
// replay knows nothing.
import type { Venue } from '#models/venue/index.ts';
import {
  DEFAULT_BOUNDS,
  densityProcessor,
  densityWindows,
  type TimeBounds,
} from '#processors/density/index.ts';
import { FLOW_BOUNDS, flowProcessor, flowWindows } from '#processors/flow/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import type { WindowSpec } from '#processors/window/index.ts';
import { ReplayError } from './errors.ts';
import { type Lane, processorLane } from './lane.ts';

export interface Replayable {
  /** What live uses. */
  readonly bounds: TimeBounds;
  /** The processor of a venue with empty state, as a lane. */
  lane(venue: Venue, bounds: TimeBounds): Lane;
  /** Event time that must have been read before a result is what live computed, ms. */
  warmUpMs(venue: Venue, bounds: TimeBounds): number;
  /** Event time after the end of a window in which it may still be corrected, ms. */
  settleMs(venue: Venue, bounds: TimeBounds): number;
}

interface Recipe<Input> {
  readonly bounds: TimeBounds;
  create(venue: Venue, bounds: TimeBounds): Processor<Input>;
  windows(tickMs: number): readonly WindowSpec[];
}

/** A processor of sliding windows, as the window engine runs them. */
function windowed<Input>({ bounds: own, create, windows }: Recipe<Input>): Replayable {
  const longest = (of: 'lengthMs' | 'hopMs', { tickMs }: Venue): number =>
    Math.max(...windows(tickMs).map((window) => window[of]));
  return {
    bounds: own,
    lane: (venue, bounds) => processorLane(create(venue, bounds)),
    warmUpMs: (venue, bounds) => longest('lengthMs', venue) + longest('hopMs', venue) + outOfOrderMs(bounds),
    settleMs: (venue, bounds) => bounds.latenessMs + longest('hopMs', venue) + venue.tickMs,
  };
}

/** By how much event times may be out of order in the stream, ms. */
export function outOfOrderMs({ disorderMs, latenessMs, idleMs, futureMs }: TimeBounds): number {
  return disorderMs + latenessMs + idleMs + futureMs;
}

export const REPLAYABLE: Readonly<Record<string, Replayable>> = {
  density: windowed({ bounds: DEFAULT_BOUNDS, create: densityProcessor, windows: densityWindows }),
  flow: windowed({ bounds: FLOW_BOUNDS, create: flowProcessor, windows: flowWindows }),
};

/** @throws ReplayError `processor-unknown` */
export function replayable(name: string): Replayable {
  const found = Object.hasOwn(REPLAYABLE, name) ? REPLAYABLE[name] : undefined;
  if (found !== undefined) return found;
  throw new ReplayError(
    'processor-unknown',
    `"${name}" cannot be replayed`,
    `use one or more of ${Object.keys(REPLAYABLE).join(', ')}`,
  );
}
