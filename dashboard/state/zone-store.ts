// The numbers of all zones of the chosen venue: the newest window of each, and its history for the charts.
// Plain objects and typed arrays; the page reads a snapshot twice a second, nothing here is reactive.
import type { Venue } from '#models/venue/types.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { TimeSeries } from '../charts/time-series.ts';
import type { ZoneHistory } from '../feed/messages.ts';
import { type ZoneRow, zoneRow } from './zone-row.ts';

/** Ten minutes at one result a second. */
export const HISTORY_POINTS = 600;
/** A result this much older than the newest starts a new time line (a recording replayed again). */
const RESTART_MS = 10 * 60_000;

interface ZoneState {
  current: DensityWindow | undefined;
  lastCount: number | null;
  readonly series: TimeSeries;
}

export class ZoneStore {
  readonly venue: Venue;
  readonly #zones = new Map<string, ZoneState>();
  #strangers = 0;

  /** @param previous the store of an earlier version of the same venue: zones that remain keep their numbers */
  constructor(venue: Venue, previous?: ZoneStore) {
    this.venue = venue;
    for (const zone of venue.zones) {
      const kept = previous === undefined ? undefined : previous.#zones.get(zone.id);
      this.#zones.set(
        zone.id,
        kept ?? { current: undefined, lastCount: null, series: new TimeSeries(HISTORY_POINTS) },
      );
    }
  }

  /** Results for zones this version of the venue does not have. */
  get strangers(): number {
    return this.#strangers;
  }

  series(zoneId: string): TimeSeries | undefined {
    return this.#zones.get(zoneId)?.series;
  }

  /** Takes one result. The wall shows the shortest window there is (the most present); longer ones are passed over. */
  apply(window: DensityWindow): void {
    const state = this.#zones.get(window.key);
    if (state === undefined) {
      this.#strangers++;
      return;
    }
    if (!this.#admit(state, window.end - window.start, window.end)) return;
    state.series.set(
      window.end,
      window.density?.mean ?? Number.NaN,
      window.count?.mean ?? Number.NaN,
      window.revision,
    );
    this.#advance(state, window);
  }

  /** Takes past results of one zone. */
  applyHistory(history: ZoneHistory): void {
    const state = this.#zones.get(history.key);
    if (state === undefined) return;
    if (!this.#admit(state, history.windowMs, history.last.end)) return;
    for (let i = 0; i < history.end.length; i++) {
      state.series.set(history.end[i]!, history.density[i]!, history.count[i]!, history.revision[i]!);
    }
    this.#advance(state, history.last);
  }

  /** All zones as rows at event time `nowMs`, in the venue's order. */
  rows(nowMs: number): ZoneRow[] {
    return this.venue.zones.map((zone) => {
      const state = this.#zones.get(zone.id)!;
      return zoneRow(zone, state.current, state.lastCount, nowMs);
    });
  }

  /** False for a window longer than the one shown; a shorter one, or a new time line, clears what was there. */
  #admit(state: ZoneState, windowMs: number, end: number): boolean {
    const { current } = state;
    if (current === undefined) return true;
    const shown = current.end - current.start;
    if (windowMs > shown) return false;
    if (windowMs < shown || end < current.end - RESTART_MS) {
      state.current = undefined;
      state.series.clear();
    }
    return true;
  }

  #advance(state: ZoneState, window: DensityWindow): void {
    const { current } = state;
    const newer =
      current === undefined ||
      window.end > current.end ||
      (window.end === current.end && window.revision >= current.revision);
    if (!newer) return;
    state.current = window;
    if (window.count !== null) state.lastCount = window.count.mean;
  }
}
