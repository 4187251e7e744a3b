// The live density windows of a venue as regular series: one mean per zone and slot (10 s, a minute), gaps included. What
// learns from a series needs it regular, and must be told of what is missing: a slot of which nothing is known is there,
// as NaN, never as zero and never left out.
//
// A slot (start, end] holds the windows that end in it, at revision 0, so its value is what was known at that moment. Later
// revisions are passed over and counted: who has learned from a value cannot unlearn it, and a score that changed
// afterwards would not say what the operator could have known.
import { z } from 'zod';
import type { DensityWindow } from '#streams/schema/window.ts';

/** Of a break without any window, so much is told as missing slots, ms; the rest is left out. */
const MOST_MISSING_MS = 600_000;

/** A slot length without meaning, or a snapshot that is not of these slots. */
export class SlotsError extends Error {
  override readonly name = 'SlotsError';
}

/** One zone over one slot; NaN is unknown. */
export interface ZoneSlot {
  /** Mean number of persons over the windows that knew it. */
  readonly count: number;
  /** Mean speed weighted by the person samples behind it, m/s; NaN also where nobody was there. */
  readonly speed: number;
  /** Mean share of expected frames that were seen; NaN where none was expected. */
  readonly completeness: number;
  /** Sources that were silent in the slot's last window. */
  readonly silent: readonly string[];
}

/** All zones over one slot, in the order of the constructor's. */
export interface Slot {
  readonly startMs: number;
  readonly endMs: number;
  readonly zones: readonly ZoneSlot[];
}

/** Sums of one zone in one slot that is still open. */
interface Sums {
  counts: number;
  known: number;
  speeds: number;
  samples: number;
  completeness: number;
  expected: number;
  silent: readonly string[];
}

const sums = z.object({
  counts: z.number(),
  known: z.number(),
  speeds: z.number(),
  samples: z.number(),
  completeness: z.number(),
  expected: z.number(),
  silent: z.array(z.string()),
});
const snapshotShape = z.object({
  slotMs: z.number(),
  next: z.number().nullable(),
  open: z.array(z.object({ endMs: z.number(), zones: z.array(z.tuple([z.string(), sums])) })),
  through: z.array(z.tuple([z.string(), z.number()])),
  late: z.number(),
  corrections: z.number(),
  skipped: z.number(),
});

const NOTHING: ZoneSlot = {
  count: Number.NaN,
  speed: Number.NaN,
  completeness: Number.NaN,
  silent: [],
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Collects windows into slots. Holds at most two open slots, whatever comes. */
export class ZoneSlots {
  readonly #zones: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #slotMs: number;
  /** End of the oldest slot that is not closed; undefined before the first window. */
  #next: number | undefined;
  /** Open slots by their end. */
  #open = new Map<number, (Sums | undefined)[]>();
  /** End of each zone's newest window. */
  #through: Float64Array;
  #late = 0;
  #corrections = 0;
  #skipped = 0;

  /**
   * @param zones ids of the zones to follow; windows of others are passed over
   * @throws SlotsError when a slot is not a positive whole number of ms
   */
  constructor(zones: readonly string[], slotMs: number) {
    if (!Number.isInteger(slotMs) || slotMs <= 0) throw new SlotsError(`a slot of ${slotMs} ms`);
    this.#zones = zones;
    this.#index = new Map(zones.map((zone, i) => [zone, i]));
    this.#slotMs = slotMs;
    this.#through = new Float64Array(zones.length).fill(Number.NEGATIVE_INFINITY);
  }

  /** Windows that came after their slot was closed, or twice; revisions passed over; slots of long breaks left out. */
  get figures(): { readonly late: number; readonly corrections: number; readonly skipped: number } {
    return { late: this.#late, corrections: this.#corrections, skipped: this.#skipped };
  }

  /**
   * Takes a window; gives the slots that are complete by it, oldest first. A slot is complete when all zones have a window
   * that ends with it or later, or when a window comes that ends more than a slot after it. Whole missing slots follow
   * as unknown, up to ten minutes of them; of a longer break the rest is left out.
   */
  push(window: DensityWindow): Slot[] {
    const zone = this.#index.get(window.key);
    if (zone === undefined) return [];
    if (window.revision > 0) {
      this.#corrections++;
      return [];
    }
    const { end } = window;
    const slotEnd = Math.ceil(end / this.#slotMs) * this.#slotMs;
    this.#next ??= slotEnd;
    if (slotEnd < this.#next || end <= this.#through[zone]) {
      this.#late++;
      return [];
    }
    const slots: Slot[] = [];
    // Two slots may be open: the one waited for and the one after.
    while (slotEnd > this.#next + this.#slotMs) this.#closeNext(slots, slotEnd);
    this.#through[zone] = end;
    this.#add(slotEnd, zone, window);
    while (this.#through.every((through) => through >= this.#next!)) this.#close(slots);
    return slots;
  }

  snapshot(): Uint8Array {
    const state: z.infer<typeof snapshotShape> = {
      slotMs: this.#slotMs,
      next: this.#next ?? null,
      open: [...this.#open].map(([endMs, zones]) => ({
        endMs,
        zones: zones.flatMap((of, i): [string, z.infer<typeof sums>][] =>
          of === undefined ? [] : [[this.#zones[i]!, { ...of, silent: [...of.silent] }]],
        ),
      })),
      through: this.#zones.flatMap((zone, i): [string, number][] =>
        Number.isFinite(this.#through[i]) ? [[zone, this.#through[i]!]] : [],
      ),
      late: this.#late,
      corrections: this.#corrections,
      skipped: this.#skipped,
    };
    return encoder.encode(JSON.stringify(state));
  }

  /**
   * Zones are found by name: one that the venue no longer has is dropped, a new one begins.
   * @throws SlotsError when the bytes are no snapshot, or of another slot length
   */
  restore(bytes: Uint8Array): void {
    const read = snapshotShape.safeParse(JSON.parse(decoder.decode(bytes)));
    if (!read.success || read.data.slotMs !== this.#slotMs) {
      throw new SlotsError('the snapshot is damaged or of another slot length');
    }
    const state = read.data;
    this.#next = state.next ?? undefined;
    this.#through.fill(Number.NEGATIVE_INFINITY);
    for (const [zone, through] of state.through) {
      const i = this.#index.get(zone);
      if (i !== undefined) this.#through[i] = through;
    }
    this.#open = new Map(
      state.open.map(({ endMs, zones }) => {
        const held = this.#zones.map((): Sums | undefined => undefined);
        for (const [zone, of] of zones) {
          const i = this.#index.get(zone);
          if (i !== undefined) held[i] = { ...of };
        }
        return [endMs, held];
      }),
    );
    this.#late = state.late;
    this.#corrections = state.corrections;
    this.#skipped = state.skipped;
  }

  #add(slotEnd: number, zone: number, { count, speed, samples, completeness, silent }: DensityWindow): void {
    let held = this.#open.get(slotEnd);
    if (held === undefined) {
      held = this.#zones.map(() => undefined);
      this.#open.set(slotEnd, held);
    }
    held[zone] ??= {
      counts: 0,
      known: 0,
      speeds: 0,
      samples: 0,
      completeness: 0,
      expected: 0,
      silent: [],
    };
    const of = held[zone];
    if (count !== null) {
      of.counts += count.mean;
      of.known++;
    }
    if (speed !== null && samples > 0) {
      of.speeds += speed * samples;
      of.samples += samples;
    }
    if (completeness !== null) {
      of.completeness += completeness;
      of.expected++;
    }
    of.silent = silent;
  }

  /** Closes the oldest slot; when nothing is open and the next window is far, leaps over what is too long to be told. */
  #closeNext(slots: Slot[], slotEnd: number): void {
    const missing = (slotEnd - this.#next!) / this.#slotMs - 1;
    const told = Math.floor(MOST_MISSING_MS / this.#slotMs);
    if (this.#open.size === 0 && slots.length > told && missing > 0) {
      this.#skipped += missing;
      this.#next = slotEnd - this.#slotMs;
    }
    this.#close(slots);
  }

  #close(slots: Slot[]): void {
    const endMs = this.#next!;
    const held = this.#open.get(endMs);
    this.#open.delete(endMs);
    slots.push({
      startMs: endMs - this.#slotMs,
      endMs,
      zones: this.#zones.map((_, i) => (held?.[i] === undefined ? NOTHING : means(held[i]))),
    });
    this.#next = endMs + this.#slotMs;
  }
}

function means(of: Sums): ZoneSlot {
  return {
    count: of.counts / of.known,
    speed: of.speeds / of.samples,
    completeness: of.completeness / of.expected,
    silent: of.silent,
  };
}
