// Frames in order to persons: per tick and level the views are fused, counted by zone and corrected for what is not seen.
import { type FusionOptions, type View, ViewFuser } from '#models/fusion/index.ts';
import type { Venue, Zone } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { KeySpec, WindowBlock, WindowFrame } from '#processors/window/index.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import { eventType, fusedTickKind } from '#streams/schema/registry.ts';
import { emptyTrackFrame, encodeTracks, TracksReader } from '#streams/schema/tracks.ts';
import { fusedSubject, fusedTickSubject } from '#streams/subjects.ts';
import { createOwnership, createZoneIndex, type Ownership, type ZoneIndex } from '../density/zones.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import type { SequencedFrame, Tick } from '../shared/sequencer.ts';
import { type TickKernel, tickIndex } from '../shared/ticked.ts';
import { HELD_PERIODS, LEAST_OBSERVED } from './config.ts';

/** Columns of a zone's sample of one tick. */
export const COLUMNS = ['persons', 'seen', 'share', 'missed', 'speed'] as const;

/** Position deviation of cameras by id, m, and constants of the fusion. */
export interface FusionSettings {
  readonly sigmaM?: Readonly<Record<string, number>>;
  readonly options?: Partial<FusionOptions>;
}

interface LevelFusion {
  readonly ordinal: number;
  readonly ownership: Ownership;
  /** Cameras of the level as indexes of the venue's. */
  readonly cameras: readonly number[];
  readonly zones: ZoneIndex;
  /** Key of each of the level's zones. */
  readonly keys: readonly number[];
  readonly fuser: ViewFuser;
  /** Observed share of each zone, by the set of live cameras. */
  readonly shares: Map<string, Float64Array>;
}

/** Sets of live cameras whose shares are kept, per level. */
const SHARES_KEPT = 16;
const NO_KEYS = new Int32Array(0);

export class FusionKernel implements TickKernel {
  readonly keys: readonly KeySpec[];
  readonly #venue: Venue;
  readonly #levels: readonly LevelFusion[];
  readonly #newest: Float64Array;
  readonly #views = new Map<number, View>();
  readonly #reader = new TracksReader();
  readonly #results: (block: WindowBlock, outputs: Output[]) => void;
  readonly #none = COLUMNS.map(() => new Float64Array(0));
  /** Fused frames of the tick just worked through; they go out with its windows. */
  #pending: Output[] = [];
  #pendingLevels: number[] = [];
  /** Event times of the frames of the tick being worked through, by camera. */
  #seen = new Map<number, number[]>();

  constructor(
    venue: Venue,
    results: (block: WindowBlock, outputs: Output[]) => void,
    settings: FusionSettings,
  ) {
    this.#venue = venue;
    this.#results = results;
    this.#newest = new Float64Array(venue.cameras.length).fill(Number.NEGATIVE_INFINITY);
    this.#levels = venue.levels.map(({ ordinal }) => levelOf(venue, ordinal, settings));
    const sources = new Map<Zone, number[]>();
    for (const { ownership, cameras, zones } of this.#levels) {
      for (const zone of zones.zones)
        sources.set(
          zone,
          ownership.covering(zone).map((local) => cameras[local]!),
        );
    }
    this.keys = venue.zones.map((zone) => ({
      name: zone.id,
      sources: [...(sources.get(zone) ?? []), tickIndex(venue)],
    }));
  }

  frame({ source, epochMs, seq, payload }: SequencedFrame, push: (frame: WindowFrame) => void): void {
    const reader = this.#reader;
    reader.reread(payload);
    const { count: n, flat, ids } = reader;
    const column = (k: number): Float32Array => flat.slice(k * n, (k + 1) * n);
    // The newest of a tick stands for it: frames come in order.
    this.#views.set(source, {
      camera: source,
      epochMs,
      count: n,
      ids: ids.slice(0, n),
      x: column(1),
      y: column(2),
      vx: column(3),
      vy: column(4),
    });
    this.#newest[source] = epochMs;
    const times = this.#seen.get(source);
    if (times === undefined) this.#seen.set(source, [epochMs]);
    else times.push(epochMs);
    push({ source, epochMs, seq, n: 0, keys: NO_KEYS, columns: this.#none });
  }

  endTick({ endMs }: Tick, push: (frame: WindowFrame) => void): void {
    const keys: number[] = [];
    const columns = COLUMNS.map((): number[] => []);
    for (const level of this.#levels) {
      if (level.cameras.length > 0) this.#fuse(level, endMs, keys, columns);
    }
    this.#views.clear();
    push({
      source: tickIndex(this.#venue),
      epochMs: endMs - 1,
      n: keys.length,
      keys: Int32Array.from(keys),
      columns: columns.map((column) => Float64Array.from(column)),
    });
  }

  #fuse(level: LevelFusion, endMs: number, keys: number[], columns: readonly number[][]): void {
    const { cameras, fuser, zones, ordinal } = level;
    const live = cameras.map((index) => {
      const held = Math.max(
        this.#venue.tickMs,
        (HELD_PERIODS * 1000) / this.#venue.cameras[index]!.framesPerSecond,
      );
      return this.#newest[index]! >= endMs - held;
    });
    const views = cameras.flatMap((index, camera) => {
      const view = this.#views.get(index);
      return view === undefined ? [] : [{ ...view, camera }];
    });
    // The instant the newest view shows: nothing is foretold beyond it.
    const atMs = views.reduce((newest, { epochMs }) => Math.max(newest, epochMs), endMs - this.#venue.tickMs);
    const persons = fuser.step(atMs, views, live);
    const { count } = persons;
    const { org, id: venue } = this.#venue;
    if (live.includes(true)) {
      const frame = emptyTrackFrame(
        { epochMs: atMs, level: ordinal, seq: (endMs / this.#venue.tickMs) >>> 0 },
        count,
      );
      for (const name of ['ids', 'x', 'y', 'vx', 'vy', 'confidence'] as const) frame[name].set(persons[name]);
      const subject = fusedSubject(org, venue, ordinal);
      this.#pending.push({ subject, messageId: `${subject}|${endMs}`, payload: encodeTracks(frame) });
      this.#pendingLevels.push(ordinal);
    }

    const shares = this.#shares(level, live);
    const place = new Int32Array(count);
    zones.assign(persons.x, persons.y, count, place);
    const sums = zones.zones.map(() => ({ seen: 0, missed: 0, speed: 0, moving: 0 }));
    for (let i = 0; i < count; i++) {
      for (const zone of place[i]! < 0 ? [] : zones.members(place[i]!)) {
        const sum = sums[zone]!;
        sum.seen++;
        sum.missed += persons.missed[i]!;
        const speed = Math.hypot(persons.vx[i]!, persons.vy[i]!);
        if (Number.isNaN(speed)) continue;
        sum.speed += speed;
        sum.moving++;
      }
    }
    sums.forEach(({ seen, missed, speed, moving }, zone) => {
      const share = shares[zone]!;
      // Too little is seen to say anything: no sample, so that the tick is unknown.
      if (share < LEAST_OBSERVED) return;
      keys.push(level.keys[zone]!);
      const values = [seen / share, seen, share, missed, moving > 0 ? speed / moving : Number.NaN];
      values.forEach((value, k) => {
        columns[k]!.push(value);
      });
    });
  }

  #shares({ ownership, zones, shares }: LevelFusion, live: readonly boolean[]): Float64Array {
    const name = live.map(Number).join('');
    let known = shares.get(name);
    if (known === undefined) {
      // Coverages that share an edge leave slivers: what is left of a hundred-thousandth is rounding.
      known = Float64Array.from(zones.zones, (zone) => {
        const share = ownership.observedShare(zone, live.map(Number));
        return share > 1 - 1e-5 ? 1 : share;
      });
      if (shares.size >= SHARES_KEPT) shares.delete(shares.keys().next().value!);
      shares.set(name, known);
    }
    return known;
  }

  append(block: WindowBlock, outputs: Output[]): void {
    // The first window is the tick: it is issued for every tick, also for one in which no camera sent anything.
    if (block.window === 0) this.#announce(block, outputs);
    this.#results(block, outputs);
  }

  /** The fused frames of the tick, and behind them that they are all. */
  #announce({ start, end }: WindowBlock, outputs: Output[]): void {
    outputs.push(...this.#pending);
    const { org, id: venue, cameras } = this.#venue;
    const frames = Object.fromEntries(
      [...this.#seen].sort(([a], [b]) => a - b).map(([camera, times]) => [cameras[camera]!.id, times]),
    );
    const subject = fusedTickSubject(org, venue);
    const messageId = `${subject}|${end}`;
    outputs.push({
      subject,
      messageId,
      payload: fusedTickKind.codec.encode({ org, venue, start, end, levels: this.#pendingLevels, frames }),
      headers: cloudEventHeaders({
        id: messageId,
        source: '/processors/fusion',
        type: eventType(fusedTickKind),
        epochMs: end,
        dataSchema: fusedTickKind.name,
      }),
    });
    this.#pending = [];
    this.#pendingLevels = [];
    this.#seen.clear();
  }

  snapshot(): Uint8Array {
    const bytes = (flat: Float64Array): Uint8Array =>
      new Uint8Array(flat.buffer, flat.byteOffset, flat.byteLength);
    return joinSections([
      bytes(this.#newest.slice()),
      ...this.#levels.map(({ fuser }) => bytes(fuser.snapshot())),
    ]);
  }

  restore(snapshot: Uint8Array): void {
    const [newest, ...fusers] = splitSections(snapshot, 1 + this.#levels.length).map(
      (section) => new Float64Array(section.slice().buffer),
    );
    this.#newest.set(newest!);
    this.#levels.forEach(({ fuser }, k) => {
      fuser.restore(fusers[k]!);
    });
  }
}

function levelOf(venue: Venue, ordinal: number, { sigmaM = {}, options = {} }: FusionSettings): LevelFusion {
  const ownership = createOwnership(venue, ordinal);
  return {
    ordinal,
    ownership,
    cameras: venue.cameras.flatMap((camera, index) => (camera.level === ordinal ? [index] : [])),
    zones: createZoneIndex(venue, ordinal),
    keys: venue.zones.flatMap((zone, key) => (zone.level === ordinal ? [key] : [])),
    fuser: new ViewFuser(
      {
        sigmaM: ownership.cameras.map(({ id }) => sigmaM[id]),
        covering: (x, y) => ownership.coverage.members(ownership.coverage.at(x, y)),
      },
      options,
    ),
    shares: new Map(),
  };
}
