// One zone as the operator reads it: a number, how old it is, how complete, and whether it can be trusted at all.
import type { Zone } from '#models/venue/types.ts';
import type { DensityWindow } from '#streams/schema/window.ts';

/** A number older than this is marked. Five hops of the window. */
export const STALE_AFTER_MS = 5_000;
/** A number older than this is no longer drawn as the present: the zone is unknown. */
export const UNKNOWN_AFTER_MS = 15_000;

export type Freshness = 'live' | 'stale' | 'unknown';

/** Freshness by age alone. A negative age (clocks a little apart) is live. */
export function freshness(ageMs: number): Freshness {
  if (ageMs > UNKNOWN_AFTER_MS) return 'unknown';
  return ageMs > STALE_AFTER_MS ? 'stale' : 'live';
}

export interface ZoneRow {
  readonly zone: Zone;
  readonly status: Freshness;
  /** Mean number of persons over the window; null is unknown. */
  readonly count: number | null;
  /** Mean density over the window, p/m2; null is unknown. */
  readonly density: number | null;
  /** Fruin level of service; null is unknown. */
  readonly levelOfService: DensityWindow['levelOfService'];
  /** Mean speed, m/s; null is unknown. */
  readonly speed: number | null;
  /** Share of expected frames seen, [0,1]; null where none is expected or nothing is known. */
  readonly completeness: number | null;
  /** Sources that cover the zone and sent nothing. */
  readonly silent: readonly string[];
  /** Window end of the newest result, epoch ms; null when there was none. */
  readonly end: number | null;
  readonly windowMs: number | null;
  /** Since the window's end, ms; null when there was no result. */
  readonly ageMs: number | null;
  /** The last known number, kept for reading only when the present one is unknown. */
  readonly lastCount: number | null;
}

/** @param nowMs the event time that is now, epoch ms */
export function zoneRow(
  zone: Zone,
  current: DensityWindow | undefined,
  lastCount: number | null,
  nowMs: number,
): ZoneRow {
  const nothing = {
    zone,
    status: 'unknown',
    count: null,
    density: null,
    levelOfService: null,
    speed: null,
    completeness: null,
    silent: [],
    end: null,
    windowMs: null,
    ageMs: null,
    lastCount,
  } as const;
  if (current === undefined) return nothing;
  const ageMs = nowMs - current.end;
  const age = freshness(ageMs);
  const seen = { end: current.end, windowMs: current.end - current.start, ageMs, silent: current.silent };
  if (age === 'unknown') return { ...nothing, ...seen };
  if (current.count === null || current.density === null) {
    return { ...nothing, ...seen, completeness: current.completeness };
  }
  return {
    ...seen,
    zone,
    status: age,
    count: current.count.mean,
    density: current.density.mean,
    levelOfService: current.levelOfService,
    speed: current.speed,
    completeness: current.completeness,
    lastCount: current.count.mean,
  };
}

/** Densest first, unknown last, then by id: a strict order, so that equal rows do not swap places. */
export function byDensity(a: ZoneRow, b: ZoneRow): number {
  const difference = (b.density ?? -1) - (a.density ?? -1);
  return difference !== 0 ? difference : a.zone.id < b.zone.id ? -1 : 1;
}
