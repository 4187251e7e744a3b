// Ticks of the fusion, each complete and in order, whatever the order of its messages.
//
// Fusion sends the persons of every level with a live camera and behind them the tick, which names those levels; the next tick
// begins where this one ends. So it is known without waiting when a tick is complete and which one is next. What a stream has lost is
// given up once ticks `idleMs` ahead of it have come: its levels are then not known, and what comes of it later is late.
import type { Venue } from '#models/venue/index.ts';
import type { FusedTick } from '#streams/schema/fused.ts';
import { fusedTickKind } from '#streams/schema/registry.ts';
import type { TimeBounds } from '../../shared/bounds.ts';
import { ByteReader, ByteWriter } from '../../window/bytes.ts';
import type { LateFrame } from '../../window/index.ts';
import type { FusedInput } from './input.ts';

/** One tick in order. */
export interface ChainedTick {
  readonly startMs: number;
  readonly endMs: number;
  /** Event times of each camera's frames that the tick was made from, ascending. Cameras of levels that were lost are not in it. */
  readonly frames: ReadonlyMap<number, readonly number[]>;
  /** Persons by level, as tracks frames; levels without a live camera are not in it. */
  readonly persons: ReadonlyMap<number, Uint8Array>;
}

interface OpenTick {
  tick: FusedTick | undefined;
  readonly persons: Map<number, Uint8Array>;
}

/** Sources of late notices: the levels in the venue's order, then the tick. */
export const chainSources = ({ levels }: Pick<Venue, 'levels'>): string[] => [
  ...levels.map(({ ordinal }) => `fused-${ordinal < 0 ? `b${-ordinal}` : ordinal}`),
  'fused-tick',
];

export class TickChain {
  readonly #venue: Pick<Venue, 'tickMs' | 'levels' | 'cameras'>;
  readonly #bounds: TimeBounds;
  readonly #cameras: ReadonlyMap<string, number>;
  readonly #open = new Map<number, OpenTick>();
  /** End of the tick that comes out next; undefined until it is known which is the first. */
  #nextEnd: number | undefined;
  #newestEnd = Number.NEGATIVE_INFINITY;
  /** Ticks given up so far, and such as came out without a level. */
  missing = 0;
  late: LateFrame[] = [];

  constructor(venue: Pick<Venue, 'tickMs' | 'levels' | 'cameras'>, bounds: TimeBounds) {
    this.#venue = venue;
    this.#bounds = bounds;
    this.#cameras = new Map(venue.cameras.map(({ id }, k) => [id, k]));
  }

  /** Up to here ticks have come out; -Infinity before the first. */
  get reachedMs(): number {
    return this.#nextEnd === undefined ? Number.NEGATIVE_INFINITY : this.#nextEnd - this.#venue.tickMs;
  }

  /** Takes a message (persons are copied) and gives the ticks that it completes, in order. */
  push(input: Exclude<FusedInput, { kind: 'clock' }>): ChainedTick[] {
    const { tickMs, levels } = this.#venue;
    const end = input.kind === 'tick' ? input.tick.end : (Math.floor(input.epochMs / tickMs) + 1) * tickMs;
    if (this.#nextEnd !== undefined && end < this.#nextEnd) {
      const tick = input.kind === 'tick';
      this.late.push({
        source: tick ? levels.length : levels.findIndex(({ ordinal }) => ordinal === input.level),
        epochMs: tick ? end : input.epochMs,
        seq: 0,
        samples: tick ? 0 : input.count,
        watermarkMs: this.reachedMs,
      });
      return [];
    }
    let open = this.#open.get(end);
    if (open === undefined) {
      open = { tick: undefined, persons: new Map() };
      this.#open.set(end, open);
    }
    if (input.kind === 'tick') open.tick = input.tick;
    else open.persons.set(input.level, input.payload.slice());
    if (end > this.#newestEnd) this.#newestEnd = end;
    return this.#release();
  }

  #release(): ChainedTick[] {
    const ticks: ChainedTick[] = [];
    if (this.#nextEnd === undefined) {
      const first = this.#firstAnnounced();
      if (first === undefined || this.#newestEnd - first < this.#bounds.disorderMs) return ticks;
      this.#begin(first);
    }
    for (;;) {
      const next = this.#open.get(this.#nextEnd!);
      const complete = next?.tick?.levels.every((level) => next.persons.has(level)) ?? false;
      if (!complete && this.#newestEnd - this.#nextEnd! < this.#bounds.idleMs) return ticks;
      if (next?.tick !== undefined) {
        if (!complete) this.missing++;
        ticks.push(this.#chained(next.tick, next.persons));
        this.#open.delete(this.#nextEnd!);
        this.#nextEnd! += this.#venue.tickMs;
        continue;
      }
      const first = this.#firstAnnounced();
      if (first === undefined) return ticks;
      this.missing += (first - this.#nextEnd!) / this.#venue.tickMs;
      this.#begin(first);
    }
  }

  /** Goes on at `end`; persons of ticks before it, that nobody announced, are of no use. */
  #begin(end: number): void {
    this.#nextEnd = end;
    for (const other of this.#open.keys()) if (other < end) this.#open.delete(other);
  }

  #firstAnnounced(): number | undefined {
    let first: number | undefined;
    for (const [end, { tick }] of this.#open)
      if (tick !== undefined && (first === undefined || end < first)) first = end;
    return first;
  }

  #chained({ start, end, levels, frames }: FusedTick, persons: ReadonlyMap<number, Uint8Array>): ChainedTick {
    const lost = new Set(levels.filter((level) => !persons.has(level)));
    const seen = Object.entries(frames)
      .map(([camera, times]) => [this.#cameras.get(camera)!, times] as const)
      .filter(([camera]) => !lost.has(this.#venue.cameras[camera]!.level))
      .sort(([a], [b]) => a - b);
    return { startMs: start, endMs: end, frames: new Map(seen), persons };
  }

  snapshot(): Uint8Array {
    const writer = new ByteWriter();
    writer.f64(this.#nextEnd ?? Number.NEGATIVE_INFINITY);
    writer.f64(this.#newestEnd);
    writer.uint(this.missing);
    writer.uint(this.#open.size);
    for (const [end, { tick, persons }] of [...this.#open].sort(([a], [b]) => a - b)) {
      writer.uint(end);
      writer.blob(tick === undefined ? new Uint8Array(0) : fusedTickKind.codec.encode(tick));
      writer.uint(persons.size);
      for (const [level, payload] of [...persons].sort(([a], [b]) => a - b)) {
        writer.f64(level);
        writer.blob(payload);
      }
    }
    return writer.bytes();
  }

  /** @throws WindowError `snapshot-refused` when the bytes end early */
  restore(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    const next = reader.f64();
    this.#nextEnd = Number.isFinite(next) ? next : undefined;
    this.#newestEnd = reader.f64();
    this.missing = reader.uint();
    this.#open.clear();
    for (let n = reader.uint(); n > 0; n--) {
      const end = reader.uint();
      const tick = reader.blob();
      const persons = new Map<number, Uint8Array>();
      for (let m = reader.uint(); m > 0; m--) {
        const level = reader.f64();
        persons.set(level, reader.blob().slice());
      }
      this.#open.set(end, {
        tick: tick.byteLength === 0 ? undefined : fusedTickKind.codec.decode(tick),
        persons,
      });
    }
  }
}
