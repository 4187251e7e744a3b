// Who stays in which zone, from frames in order, per camera and zone; and what each zone shows at each tick's end.
//
// Track ids are a camera's own, so a stay is one person's in one camera's view of one zone. A stay that ends may end because the
// person left, was handed on to the next camera, or was renamed by the tracker. What can be told apart is told: an end after
// which the same camera saw the same id elsewhere, and an end at which the id vanished. Nobody is guessed to be somebody else.
import { DwellTracker, type Stay } from '#models/crowd/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { KeySpec, WindowBlock, WindowFrame } from '#processors/window/index.ts';
import { TracksReader } from '#streams/schema/tracks.ts';
import { type AreaIndex, createAreaIndex } from '../density/area-index.ts';
import { createOwnership, type Ownership } from '../density/zones.ts';
import type { SequencedFrame, Tick } from '../shared/sequencer.ts';
import { type TickKernel, tickIndex } from '../shared/ticked.ts';
import { ByteReader, ByteWriter } from '../window/bytes.ts';
import { type DwellSettings, HELD_PERIODS, MAX_STAY_S } from './config.ts';

/** Columns of its samples: one per zone and tick with the first two, one per stay that ended with the others. */
export const COLUMNS = ['present', 'loiterers', 'stay', 'vanished'] as const;

/** A zone at a tick's end; times in ms. */
export interface ZoneNow {
  readonly persons: number;
  readonly sumMs: number;
  readonly longestMs: number;
  readonly loiterers: number;
  /** Event time until which this is known, should no frame come any more. */
  readonly untilMs: number;
}

interface LevelPlace {
  readonly ownership: Ownership;
  /** Zones of the level, numbered as in `keys`. */
  readonly zones: AreaIndex;
  readonly keys: readonly number[];
  /** Its cameras, as indexes into the venue's list. */
  readonly cameras: readonly number[];
}

/** One camera: its stays by zone, and when it saw whom. */
class View {
  readonly level: LevelPlace;
  readonly local: number;
  readonly heldMs: number;
  /** By key. */
  readonly trackers: ReadonlyMap<number, DwellTracker>;
  /** When each id was last seen at all: event time and watched time, ms. */
  readonly sights = new Map<number, { readonly ms: number; readonly watchedMs: number }>();
  newestMs = Number.NEGATIVE_INFINITY;
  seq = 0;
  /** How long it has watched by its newest frame. It stands still in an outage: nobody is absent who could not be seen. */
  #watchedMs = 0;

  constructor(level: LevelPlace, local: number, heldMs: number, trackers: ReadonlyMap<number, DwellTracker>) {
    this.level = level;
    this.local = local;
    this.heldMs = heldMs;
    this.trackers = trackers;
  }

  isLive(atMs: number): boolean {
    return this.newestMs >= atMs - this.heldMs;
  }

  watchedMs(atMs: number): number {
    const since = atMs - this.newestMs;
    return this.#watchedMs + (Number.isFinite(since) ? Math.min(since, this.heldMs) : 0);
  }

  /** Takes note of a frame at `epochMs`; returns the watched time. */
  watch(epochMs: number, seq: number): number {
    this.#watchedMs = this.watchedMs(epochMs);
    this.newestMs = epochMs;
    this.seq = seq;
    return this.#watchedMs;
  }

  /** Stays of those seen in the zone in the last frame or two, and nowhere else since. */
  totals(key: number): ReturnType<DwellTracker['totals']> {
    const from = this.newestMs - this.heldMs;
    return this.trackers.get(key)!.totals((id, seen) => seen >= from && !(this.sights.get(id)!.ms > seen));
  }

  write(writer: ByteWriter): void {
    writer.f64(this.newestMs);
    writer.uint(this.seq);
    writer.f64(this.#watchedMs);
    writer.uint(this.sights.size);
    for (const [id, { ms, watchedMs }] of this.sights) {
      writer.uint(id);
      writer.uint(ms);
      writer.f64(watchedMs);
    }
    for (const tracker of this.trackers.values()) writeFloats(writer, tracker.state());
  }

  read(reader: ByteReader): void {
    this.newestMs = reader.f64();
    this.seq = reader.uint();
    this.#watchedMs = reader.f64();
    this.sights.clear();
    for (let left = reader.uint(); left > 0; left--)
      this.sights.set(reader.uint(), { ms: reader.uint(), watchedMs: reader.f64() });
    for (const tracker of this.trackers.values()) tracker.restore(readFloats(reader));
  }
}

const NO_KEYS = new Int32Array(0);
const NO_COLUMNS = COLUMNS.map(() => new Float64Array(0));
/** A sequence number this much lower is one that has begun again at 0 after 2^32. */
const WRAP = 2 ** 31;

export class DwellKernel implements TickKernel {
  /** Zones, in the venue's order. */
  readonly keys: readonly KeySpec[];
  readonly #views: readonly View[];
  readonly #gapMs: number;
  readonly #blindMs: number;
  readonly #source: number;
  readonly #frame = new TracksReader();
  readonly #append: (kernel: DwellKernel, block: WindowBlock, outputs: Output[]) => void;
  #now: (ZoneNow | undefined)[];
  /** Stays that ended in the tick being worked through. */
  #ended: { key: number; stayMs: number; vanished: boolean }[] = [];
  #cut = 0;

  constructor(
    venue: Venue,
    { gapS, blindS, loiteringS }: DwellSettings,
    append: (kernel: DwellKernel, block: WindowBlock, outputs: Output[]) => void,
  ) {
    this.#append = append;
    this.#source = tickIndex(venue);
    this.#gapMs = gapS * 1000;
    this.#blindMs = blindS * 1000;
    this.#now = venue.zones.map(() => undefined);
    const levels = new Map(
      venue.levels.map(({ ordinal }): [number, LevelPlace] => {
        const keys = venue.zones.flatMap(({ level }, key) => (level === ordinal ? [key] : []));
        const zones = createAreaIndex(keys.map((key) => venue.zones[key]!.area));
        const cameras = venue.cameras.flatMap(({ level }, index) => (level === ordinal ? [index] : []));
        return [ordinal, { ownership: createOwnership(venue, ordinal), zones, keys, cameras }];
      }),
    );
    const sources = venue.zones.map((zone) => {
      const { ownership, cameras } = levels.get(zone.level)!;
      return ownership.covering(zone).map((local) => cameras[local]!);
    });
    this.keys = venue.zones.map(({ id }, key) => ({ name: id, sources: [...sources[key]!, this.#source] }));
    this.#views = venue.cameras.map((camera, index) => {
      const level = levels.get(camera.level)!;
      const trackers = level.keys.flatMap((key): [number, DwellTracker][] => {
        if (!sources[key]!.includes(index)) return [];
        const loitering = loiteringS[venue.zones[key]!.use];
        const options = {
          gap: this.#gapMs,
          loitering: loitering === null ? Number.POSITIVE_INFINITY : loitering * 1000,
        };
        return [[key, new DwellTracker(options)]];
      });
      const heldMs = Math.max(venue.tickMs, (HELD_PERIODS * 1000) / camera.framesPerSecond);
      return new View(level, level.cameras.indexOf(index), heldMs, new Map(trackers));
    });
  }

  frame({ source, epochMs, seq, payload }: SequencedFrame, push: (frame: WindowFrame) => void): void {
    const view = this.#views[source]!;
    // A camera that counts from the beginning again has restarted: its ids mean other people now.
    if (seq < view.seq && view.seq - seq < WRAP) this.#cutStays(view);
    const watchedMs = view.watch(epochMs, seq);
    const inside = this.#inside(view, payload);
    for (const [key, tracker] of view.trackers) {
      const ids = inside.get(key);
      if (ids !== undefined) this.#end(view, key, tracker.see(epochMs, ids, watchedMs));
    }
    const sight = { ms: epochMs, watchedMs };
    for (let i = 0; i < this.#frame.count; i++) view.sights.set(this.#frame.ids[i]!, sight);
    push({ source, epochMs, seq, n: 0, keys: NO_KEYS, columns: NO_COLUMNS });
  }

  /** Ids by zone of those in the frame that its camera answers for. */
  #inside({ level, local }: View, payload: Uint8Array): Map<number, number[]> {
    const frame = this.#frame;
    frame.reread(payload);
    const { count, flat, ids, epochMs } = frame;
    const [x, y] = [flat.subarray(count, 2 * count), flat.subarray(2 * count, 3 * count)];
    const keep = new Uint8Array(count);
    const where = new Int32Array(count);
    const live = Uint8Array.from(level.cameras, (camera, k) =>
      k === local || this.#views[camera]!.isLive(epochMs) ? 1 : 0,
    );
    level.ownership.ownedBy(local, x, y, count, keep, live);
    level.zones.assign(x, y, count, where);
    const inside = new Map<number, number[]>();
    for (let i = 0; i < count; i++) {
      if (keep[i] === 0 || where[i]! < 0) continue;
      for (const zone of level.zones.members(where[i]!)) {
        const key = level.keys[zone]!;
        const list = inside.get(key);
        if (list === undefined) inside.set(key, [ids[i]!]);
        else list.push(ids[i]!);
      }
    }
    return inside;
  }

  #cutStays(view: View): void {
    for (const tracker of view.trackers.values()) this.#cut += tracker.close().length;
    view.sights.clear();
  }

  #end({ sights }: View, key: number, stays: readonly Stay[]): void {
    for (const { id, entered, left } of stays) {
      const vanished = !((sights.get(id)?.ms ?? left) > left);
      this.#ended.push({ key, stayMs: left - entered, vanished });
    }
  }

  endTick({ endMs }: Tick, push: (frame: WindowFrame) => void): void {
    for (const view of this.#views) {
      if (view.isLive(endMs)) this.#expire(view, endMs);
      else if (view.newestMs < endMs - this.#blindMs && view.sights.size > 0) this.#cutStays(view);
    }
    this.#now = this.keys.map((_, key) => this.#count(key, endMs));
    const samples: [key: number, values: readonly number[]][] = [];
    this.#now.forEach((now, key) => {
      if (now !== undefined) samples.push([key, [now.persons, now.loiterers, Number.NaN, Number.NaN]]);
    });
    for (const { key, stayMs, vanished } of this.#ended.splice(0)) {
      const stay = Math.min(stayMs / 1000, MAX_STAY_S);
      samples.push([key, [Number.NaN, Number.NaN, stay, vanished ? 1 : 0]]);
    }
    push({
      source: this.#source,
      epochMs: endMs - 1,
      seq: 0,
      n: samples.length,
      keys: Int32Array.from(samples, ([key]) => key),
      columns: COLUMNS.map((_, c) => Float64Array.from(samples, ([, values]) => values[c]!)),
    });
  }

  #expire(view: View, endMs: number): void {
    const watchedMs = view.watchedMs(endMs);
    for (const [key, tracker] of view.trackers) this.#end(view, key, tracker.expire(endMs, watchedMs));
    // Older sights can tell nothing of any stay that is still open.
    for (const [id, sight] of view.sights)
      if (watchedMs - sight.watchedMs > this.#gapMs) view.sights.delete(id);
  }

  /** What the live views show of a zone; undefined where none is live. */
  #count(key: number, endMs: number): ZoneNow | undefined {
    let [persons, sumMs, longestMs, loiterers, untilMs] = [0, 0, 0, 0, Number.NEGATIVE_INFINITY];
    for (const source of this.keys[key]!.sources) {
      const view = this.#views[source];
      if (view === undefined || !view.isLive(endMs)) continue;
      const totals = view.totals(key);
      persons += totals.persons;
      sumMs += totals.sum;
      longestMs = Math.max(longestMs, totals.longest);
      loiterers += totals.loiterers;
      untilMs = Math.max(untilMs, view.newestMs + view.heldMs);
    }
    return untilMs >= endMs ? { persons, sumMs, longestMs, loiterers, untilMs } : undefined;
  }

  /** A zone at `endMs`, the end of the newest tick or a little later; undefined: unknown. */
  now(key: number, endMs: number): ZoneNow | undefined {
    const now = this.#now[key];
    return now !== undefined && endMs <= now.untilMs ? now : undefined;
  }

  append(block: WindowBlock, outputs: Output[]): void {
    this.#append(this, block, outputs);
  }

  snapshot(): Uint8Array {
    const writer = new ByteWriter();
    for (const view of this.#views) view.write(writer);
    for (const now of this.#now) {
      writeFloats(
        writer,
        now === undefined ? [] : [now.persons, now.sumMs, now.longestMs, now.loiterers, now.untilMs],
      );
    }
    writer.uint(this.#cut);
    return writer.bytes();
  }

  restore(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    for (const view of this.#views) view.read(reader);
    this.#now = this.#now.map(() => {
      const [persons, sumMs, longestMs, loiterers, untilMs] = readFloats(reader);
      if (untilMs === undefined) return undefined;
      return { persons: persons!, sumMs: sumMs!, longestMs: longestMs!, loiterers: loiterers!, untilMs };
    });
    this.#cut = reader.uint();
  }

  figures(): Readonly<Record<string, number>> {
    let open = 0;
    for (const { trackers } of this.#views)
      for (const tracker of trackers.values()) open += tracker.totals().persons;
    return { open_stays: open, cut_stays_total: this.#cut };
  }
}

function writeFloats(writer: ByteWriter, values: ArrayLike<number>): void {
  writer.uint(values.length);
  for (let i = 0; i < values.length; i++) writer.f64(values[i]!);
}

function readFloats(reader: ByteReader): Float64Array {
  return Float64Array.from({ length: reader.uint() }, () => reader.f64());
}
