// The picture of the floor at each tick's end, from the newest frame of every camera, and what every zone shows in it.
// A camera that has sent nothing for two frame periods is not live; a zone that no live camera sees has no figures.
import { detectOscillation, type Oscillation } from '#models/crowd/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { KeySpec, WindowBlock, WindowFrame } from '#processors/window/index.ts';
import { TracksReader } from '#streams/schema/tracks.ts';
import { createOwnership, type Ownership } from '../density/zones.ts';
import type { SequencedFrame, Tick } from '../shared/sequencer.ts';
import { type TickKernel, tickIndex } from '../shared/ticked.ts';
import { ByteReader, ByteWriter } from '../window/bytes.ts';
import { BOUNDS, MAX_SPEED, type PressureOptions, SWING_MS } from './config.ts';
import { LevelMeasure, type Persons, type ZoneInstant } from './level.ts';

/** Figures of a zone: one sample per zone and tick. */
const ZONE_COLUMNS = [
  'density',
  'pressure',
  'peak',
  'congestion',
  'counterflow',
  'dispersal',
  'packed',
  'packedDensity',
  'packedPressure',
  'packedVx',
  'packedVy',
  'fullest',
  'opposing',
] as const satisfies readonly (keyof ZoneInstant)[];
/** Columns of its samples: those of a zone, and the velocity of one person of it. */
export const COLUMNS = [...ZONE_COLUMNS, 'vx', 'vy'] as const;

/** Frame periods without a frame until a camera is not live. */
const HELD_PERIODS = 2;
const NO_KEYS = new Int32Array(0);

interface LevelPlace {
  readonly measure: LevelMeasure;
  readonly ownership: Ownership;
  /** Indexes of its cameras and zones in the venue's lists. */
  readonly cameras: readonly number[];
  readonly zones: readonly number[];
}

export class PressureKernel implements TickKernel {
  /** Zones, in the venue's order. */
  readonly keys: readonly KeySpec[];
  readonly #levels: readonly LevelPlace[];
  readonly #source: number;
  readonly #heldMs: readonly number[];
  readonly #frame = new TracksReader();
  readonly #append: (kernel: PressureKernel, block: WindowBlock, outputs: Output[]) => void;
  readonly #none: readonly Float64Array[] = COLUMNS.map(() => new Float64Array(0));
  /** Newest frame of each camera. */
  #held: (SequencedFrame | undefined)[];
  /** Mean velocity of each zone at the ticks of the last SWING_MS: t (ms), vx, vy, one behind the other. */
  #swings: number[][];
  #implausible = 0;

  constructor(
    venue: Venue,
    options: PressureOptions,
    append: (kernel: PressureKernel, block: WindowBlock, outputs: Output[]) => void,
  ) {
    this.#append = append;
    this.#source = tickIndex(venue);
    this.#held = venue.cameras.map(() => undefined);
    this.#swings = venue.zones.map(() => []);
    this.#heldMs = venue.cameras.map(({ framesPerSecond }) =>
      Math.max(venue.tickMs, (HELD_PERIODS * 1000) / framesPerSecond),
    );
    const levels = venue.levels.map((level) => {
      const cameras = venue.cameras.flatMap((camera, k) => (camera.level === level.ordinal ? [k] : []));
      const zones = venue.zones.flatMap((zone, k) => (zone.level === level.ordinal ? [k] : []));
      return { level, cameras, zones, ownership: createOwnership(venue, level.ordinal) };
    });
    const sources = new Map<number, number[]>();
    for (const { cameras, zones, ownership } of levels)
      for (const k of zones)
        sources.set(
          k,
          ownership.covering(venue.zones[k]!).map((local) => cameras[local]!),
        );
    this.keys = venue.zones.map(({ id }, k) => ({
      name: id,
      sources: [...(sources.get(k) ?? []), this.#source],
    }));
    this.#levels = levels
      .filter(({ cameras, zones }) => cameras.length > 0 && zones.length > 0)
      .map(({ level, cameras, zones, ownership }) => ({
        measure: new LevelMeasure(
          level,
          zones.map((k) => venue.zones[k]!),
          options,
        ),
        ownership,
        cameras,
        zones,
      }));
  }

  frame(frame: SequencedFrame, push: (frame: WindowFrame) => void): void {
    const { source, epochMs, seq } = frame;
    this.#held[source] = frame;
    push({ source, epochMs, seq, n: 0, keys: NO_KEYS, columns: this.#none });
  }

  endTick({ endMs }: Tick, push: (frame: WindowFrame) => void): void {
    const samples: [key: number, values: readonly number[]][] = [];
    for (const level of this.#levels) this.#measure(level, endMs, samples);
    push({
      source: this.#source,
      epochMs: endMs - 1,
      seq: 0,
      n: samples.length,
      ...columnsOf(samples),
    });
  }

  #measure(level: LevelPlace, endMs: number, samples: [number, readonly number[]][]): void {
    const live = level.cameras.filter((camera) => {
      const frame = this.#held[camera];
      return frame !== undefined && frame.epochMs >= endMs - this.#heldMs[camera]!;
    });
    if (live.length === 0) return;
    const persons = this.#persons(level, live);
    const instants = level.measure.measure(persons);
    level.zones.forEach((key, z) => {
      if (!this.keys[key]!.sources.some((camera) => live.includes(camera))) return;
      const zone = instants[z]!;
      samples.push([key, [...bounded(zone), Number.NaN, Number.NaN]]);
      for (const i of zone.members) {
        if (Number.isNaN(persons.vx[i]!)) continue;
        samples.push([key, [...UNKNOWN_ZONE, persons.vx[i]!, persons.vy[i]!]]);
      }
      this.#swing(key, endMs, zone);
    });
  }

  /** Everyone whom the live cameras answer for, in the order of cameras. */
  #persons({ ownership, cameras }: LevelPlace, live: readonly number[]): Persons {
    const columns: [number[], number[], number[], number[]] = [[], [], [], []];
    // Where the camera that answers for a place is dead, the next that sees it does.
    const isLive = Uint8Array.from(cameras, (camera) => (live.includes(camera) ? 1 : 0));
    for (const camera of live) {
      const frame = this.#frame;
      frame.reread(this.#held[camera]!.payload);
      const { count, flat } = frame;
      const [x, y] = [flat.subarray(count, 2 * count), flat.subarray(2 * count, 3 * count)];
      const keep = new Uint8Array(count);
      ownership.ownedBy(cameras.indexOf(camera), x, y, count, keep, isLive);
      for (let i = 0; i < count; i++) {
        if (keep[i] === 0) continue;
        let [vx, vy] = [flat[3 * count + i]!, flat[4 * count + i]!];
        if (!(vx * vx + vy * vy <= MAX_SPEED * MAX_SPEED)) {
          if (!Number.isNaN(vx) && !Number.isNaN(vy)) this.#implausible++;
          [vx, vy] = [Number.NaN, Number.NaN];
        }
        columns[0].push(x[i]!);
        columns[1].push(y[i]!);
        columns[2].push(vx);
        columns[3].push(vy);
      }
    }
    const [x, y, vx, vy] = columns.map((column) => Float64Array.from(column));
    return { n: columns[0].length, x: x!, y: y!, vx: vx!, vy: vy! };
  }

  #swing(key: number, endMs: number, { meanVx, meanVy }: ZoneInstant): void {
    const swing = this.#swings[key]!;
    swing.push(endMs, meanVx, meanVy);
    let old = 0;
    while (swing[old]! <= endMs - SWING_MS) old += 3;
    if (old > 0) swing.splice(0, old);
  }

  /** Whether a zone swings, as of the tick that ends at `endMs`. */
  oscillation(key: number, endMs: number): Oscillation {
    const swing = this.#swings[key]!;
    const [t, vx, vy]: [number[], number[], number[]] = [[], [], []];
    for (let k = 0; k < swing.length; k += 3) {
      if (swing[k]! <= endMs - SWING_MS) continue;
      t.push((swing[k]! - endMs) / 1000);
      vx.push(swing[k + 1]!);
      vy.push(swing[k + 2]!);
    }
    return detectOscillation(t, vx, vy);
  }

  append(block: WindowBlock, outputs: Output[]): void {
    this.#append(this, block, outputs);
  }

  snapshot(): Uint8Array {
    const writer = new ByteWriter();
    for (const frame of this.#held) {
      writer.u8(frame === undefined ? 0 : 1);
      if (frame === undefined) continue;
      for (const value of [frame.source, frame.epochMs, frame.seq, frame.samples]) writer.uint(value);
      writer.blob(frame.payload);
    }
    for (const swing of this.#swings) {
      writer.uint(swing.length);
      for (const value of swing) writer.f64(value);
    }
    writer.uint(this.#implausible);
    return writer.bytes();
  }

  restore(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    this.#held = this.#held.map(() => {
      if (reader.u8() === 0) return undefined;
      const [source, epochMs, seq, samples] = [reader.uint(), reader.uint(), reader.uint(), reader.uint()];
      return { source, epochMs, seq, samples, payload: reader.blob().slice() };
    });
    this.#swings = this.#swings.map(() => Array.from({ length: reader.uint() }, () => reader.f64()));
    this.#implausible = reader.uint();
  }

  figures(): Readonly<Record<string, number>> {
    return { implausible_velocities_total: this.#implausible };
  }
}

function columnsOf(
  samples: readonly (readonly [number, readonly number[]])[],
): Pick<WindowFrame, 'keys' | 'columns'> {
  const keys = new Int32Array(samples.length);
  const columns = COLUMNS.map(() => new Float64Array(samples.length));
  for (let i = 0; i < samples.length; i++) {
    const [key, values] = samples[i]!;
    keys[i] = key;
    for (let c = 0; c < values.length; c++) columns[c]![i] = values[c]!;
  }
  return { keys, columns };
}

const UNKNOWN_ZONE = ZONE_COLUMNS.map(() => Number.NaN);

/** Greatest magnitudes that the aggregates take. */
const LIMITS: Partial<Record<(typeof ZONE_COLUMNS)[number], number>> = {
  density: BOUNDS.density,
  pressure: BOUNDS.pressure,
  peak: BOUNDS.pressure,
  congestion: BOUNDS.congestion,
  dispersal: BOUNDS.dispersal,
  packedDensity: BOUNDS.density,
  packedPressure: BOUNDS.pressure,
  fullest: BOUNDS.density,
};

function bounded(zone: ZoneInstant): number[] {
  return ZONE_COLUMNS.map((column) => {
    const limit = LIMITS[column] ?? Number.POSITIVE_INFINITY;
    // Math.min and Math.max keep NaN, which is unknown.
    return Math.max(-limit, Math.min(zone[column], limit));
  });
}
