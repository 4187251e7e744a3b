// Processors that can be replayed. A new one joins with one entry: how it is made, and how far its results look back.
import type { Venue } from '#models/venue/index.ts';
import { densityProcessor, densityWindows, type TimeBounds } from '#processors/density/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import { ReplayError } from './errors.ts';
import { type Lane, processorLane } from './lane.ts';

export interface Replayable {
  /** The processor of a venue with empty state, as a lane. */
  lane(venue: Venue, bounds: TimeBounds): Lane;
  /** Event time that must have been read before a result is what live computed, ms. */
  warmUpMs(venue: Venue, bounds: TimeBounds): number;
  /** Event time after the end of a window in which it may still be corrected, ms. */
  settleMs(venue: Venue, bounds: TimeBounds): number;
}

interface Recipe<Input> {
  create(venue: Venue, bounds: TimeBounds): Processor<Input>;
  /** Longest of its windows, ms. */
  longestMs(venue: Venue): number;
  /** Longest distance of window ends, ms. */
  hopMs(venue: Venue): number;
}

/** A processor of sliding windows, as the window engine runs them. */
function windowed<Input>({ create, longestMs, hopMs }: Recipe<Input>): Replayable {
  return {
    lane: (venue, bounds) => processorLane(create(venue, bounds)),
    warmUpMs: (venue, bounds) => longestMs(venue) + hopMs(venue) + outOfOrderMs(bounds),
    settleMs: (venue, bounds) => bounds.latenessMs + hopMs(venue) + venue.tickMs,
  };
}

/** By how much event times may be out of order in the stream, ms. */
export function outOfOrderMs({ disorderMs, latenessMs, idleMs, futureMs }: TimeBounds): number {
  return disorderMs + latenessMs + idleMs + futureMs;
}

export const REPLAYABLE: Readonly<Record<string, Replayable>> = {
  density: windowed({
    create: densityProcessor,
    longestMs: ({ tickMs }) => Math.max(...densityWindows(tickMs).map(({ lengthMs }) => lengthMs)),
    hopMs: ({ tickMs }) => Math.max(...densityWindows(tickMs).map(({ hopMs }) => hopMs)),
  }),
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
