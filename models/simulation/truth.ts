// What is true at one instant: exact counts of persons per zone from their true positions. No noise, no cameras.
import type { Venue } from '#models/venue/types.ts';
import { type Crowd, STATE } from './crowd.ts';
import type { Phase } from './evening.ts';
import type { Incident } from './incidents.ts';
import { PlaceIndex } from './place-index.ts';

export interface ZoneTruth {
  /** Persons strictly inside the zone. */
  readonly count: number;
  /** count / areaM2, 1/m2. */
  readonly density: number;
  /** Mean true speed of those persons, m/s; null when there are none. */
  readonly meanSpeed: number | null;
}

export interface TickTruth {
  readonly epochMs: number;
  readonly phase: Phase;
  /** Persons on the site; those within stairs are on no floor and in no zone. */
  readonly present: number;
  readonly inStairs: number;
  readonly zones: Readonly<Record<string, ZoneTruth>>;
  readonly incidents: readonly Incident[];
}

export class ZoneCounter {
  readonly #venue: Venue;
  readonly #byLevel = new Map<number, { index: PlaceIndex; zones: readonly number[] }>();
  readonly #counts: Int32Array;
  readonly #speeds: Float64Array;

  constructor(venue: Venue) {
    this.#venue = venue;
    for (const { ordinal } of venue.levels) {
      const zones = venue.zones.flatMap((z, k) => (z.level === ordinal ? [k] : []));
      this.#byLevel.set(ordinal, { index: new PlaceIndex(zones.map((k) => venue.zones[k]!.area)), zones });
    }
    this.#counts = new Int32Array(venue.zones.length);
    this.#speeds = new Float64Array(venue.zones.length);
  }

  count(crowd: Crowd): { zones: Record<string, ZoneTruth>; inStairs: number } {
    const counts = this.#counts.fill(0);
    const speeds = this.#speeds.fill(0);
    let inStairs = 0;
    for (let i = 0; i < crowd.high; i++) {
      const s = crowd.state[i]!;
      if (s === STATE.free) continue;
      if (s === STATE.stair) {
        inStairs++;
        continue;
      }
      const here = this.#byLevel.get(crowd.level[i]!);
      here?.index.each(crowd.x[i]!, crowd.y[i]!, (k) => {
        const zone = here.zones[k]!;
        counts[zone]!++;
        speeds[zone]! += Math.hypot(crowd.vx[i]!, crowd.vy[i]!);
      });
    }
    const zones: Record<string, ZoneTruth> = {};
    this.#venue.zones.forEach((z, k) => {
      const count = counts[k]!;
      zones[z.id] = { count, density: count / z.areaM2, meanSpeed: count === 0 ? null : speeds[k]! / count };
    });
    return { zones, inStairs };
  }
}
