// Counts the crossings of every line from fused persons, tick by tick, and how many stand near each line.
//
// A fused id follows a person from camera to camera, so that no camera needs to see both sides of a line. Whose frames stand behind a
// figure is still told camera by camera: a line's samples go with the frames of the first camera that covers it and delivered
// in the tick, so that completeness, silent cameras and "unknown" are those of the raw flow.
import { LineCounter } from '#models/crowd/index.ts';
import { fusionDefaults } from '#models/fusion/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { ChainedTick, FusedKernel } from '#processors/fusion/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { KeySpec, WindowBlock, WindowFrame } from '#processors/window/index.ts';
import { TracksReader } from '#streams/schema/tracks.ts';
import { createZoneIndex, type ZoneIndex } from '../density/zones.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import { type FlowLine, lineKeys } from './lines.ts';

/** Lines of one level. */
interface LevelLines {
  readonly ordinal: number;
  /** Indexes of its lines among all, in the order of the counter's lines and of the index's zones. */
  readonly lines: readonly number[];
  readonly counter: LineCounter;
  readonly near: ZoneIndex;
}

/** Samples of one camera in one tick: keys, and +1 for in, -1 for out, 0 for a person near the line. */
interface CameraSamples {
  readonly keys: number[];
  readonly ways: number[];
}

const none = (): CameraSamples => ({ keys: [], ways: [] });

export class FusedFlowKernel implements FusedKernel {
  /** Key k is line k; key `lines.length + k` is the floor near it. */
  readonly keys: readonly KeySpec[];
  readonly #lines: readonly FlowLine[];
  readonly #levels: readonly LevelLines[];
  readonly #append: (block: WindowBlock, outputs: Output[]) => void;
  readonly #frame = new TracksReader();
  /** Crossings of each line, in and out, until a camera that covers it delivers: slow cameras skip ticks. */
  #waiting: Int32Array;

  constructor(
    venue: Venue,
    lines: readonly FlowLine[],
    append: (block: WindowBlock, outputs: Output[]) => void,
    bandM: number,
  ) {
    this.#lines = lines;
    this.#append = append;
    this.keys = lineKeys(venue, lines);
    this.#waiting = new Int32Array(2 * lines.length);
    // A person whom no camera detects keeps the id for so long, and is seen in the tick after it at the latest.
    const gap = (fusionDefaults.bindMs + venue.tickMs) / 1000;
    this.#levels = venue.levels.flatMap(({ ordinal }) => {
      const here = lines.flatMap(({ level }, k) => (level === ordinal ? [k] : []));
      if (here.length === 0) return [];
      const zones = here.map((k) => lines[k]!.near);
      return [
        {
          ordinal,
          lines: here,
          counter: new LineCounter(
            here.map((k) => lines[k]!.segment),
            { gap, band: bandM },
          ),
          near: createZoneIndex({ ...venue, zones }, ordinal),
        },
      ];
    });
  }

  tick({ frames, persons }: ChainedTick, push: (frame: WindowFrame) => void): void {
    const late = new Map<number, CameraSamples>();
    const every = new Map<number, CameraSamples>();
    for (const level of this.#levels) {
      const payload = persons.get(level.ordinal);
      if (payload !== undefined) this.#count(level, payload, frames, every);
      for (const k of level.lines) this.#deliver(k, frames, late);
    }
    const order = [...frames].flatMap(([source, times]) =>
      times.map((epochMs, i) => ({ source, epochMs, last: i === times.length - 1 })),
    );
    order.sort((a, b) => a.epochMs - b.epochMs || a.source - b.source);
    for (const { source, epochMs, last } of order) {
      // Persons near a line are those of the tick, in each frame of it alike; a crossing is one.
      const near = every.get(source) ?? none();
      const crossed = (last ? late.get(source) : undefined) ?? none();
      const ways = [...near.ways, ...crossed.ways];
      push({
        source,
        epochMs,
        n: ways.length,
        keys: Int32Array.from([...near.keys, ...crossed.keys]),
        columns: [1, -1].map((way) =>
          Float64Array.from(ways, (value) => (value === 0 ? Number.NaN : value === way ? 1 : 0)),
        ),
      });
    }
  }

  #count(
    { lines, counter, near }: LevelLines,
    payload: Uint8Array,
    frames: ChainedTick['frames'],
    every: Map<number, CameraSamples>,
  ): void {
    const frame = this.#frame;
    frame.reread(payload);
    const { count: n, flat, ids, epochMs } = frame;
    const [x, y] = [flat.subarray(n, 2 * n), flat.subarray(2 * n, 3 * n)];
    // From right to left of a line is out.
    for (const { line, direction } of counter.update(epochMs / 1000, ids, x, y, n))
      this.#waiting[2 * lines[line]! + (direction === -1 ? 0 : 1)]!++;
    const place = new Int32Array(n);
    near.assign(x, y, n, place);
    for (let i = 0; i < n; i++) {
      for (const zone of place[i]! < 0 ? [] : near.members(place[i]!)) {
        const key = this.#lines.length + lines[zone]!;
        const camera = this.#answering(key, frames);
        if (camera !== undefined) add(every, camera, key, 0);
      }
    }
  }

  /** Gives the line's crossings to the camera that answers for it, if one delivered in this tick. */
  #deliver(line: number, frames: ChainedTick['frames'], late: Map<number, CameraSamples>): void {
    const [entered, left] = [this.#waiting[2 * line]!, this.#waiting[2 * line + 1]!];
    if (entered + left === 0) return;
    const camera = this.#answering(line, frames);
    if (camera === undefined) return;
    for (let i = 0; i < entered; i++) add(late, camera, line, 1);
    for (let i = 0; i < left; i++) add(late, camera, line, -1);
    this.#waiting.fill(0, 2 * line, 2 * line + 2);
  }

  #answering(key: number, frames: ChainedTick['frames']): number | undefined {
    return this.keys[key]!.sources.find((camera) => frames.has(camera));
  }

  append(block: WindowBlock, outputs: Output[]): void {
    this.#append(block, outputs);
  }

  snapshot(): Uint8Array {
    const bytes = ({ buffer }: Float64Array | Int32Array): Uint8Array => new Uint8Array(buffer);
    return joinSections([
      bytes(this.#waiting.slice()),
      ...this.#levels.map(({ counter }) => bytes(counter.state())),
    ]);
  }

  restore(snapshot: Uint8Array): void {
    const [waiting, ...states] = splitSections(snapshot, 1 + this.#levels.length);
    this.#waiting = new Int32Array(waiting!.slice().buffer);
    this.#levels.forEach(({ counter }, k) => {
      counter.restore(new Float64Array(states[k]!.slice().buffer));
    });
  }

  figures(): Readonly<Record<string, number>> {
    return { lines_unseen: this.#lines.filter((_, k) => this.keys[k]!.sources.length === 0).length };
  }
}

function add(samples: Map<number, CameraSamples>, camera: number, key: number, way: number): void {
  let mine = samples.get(camera);
  if (mine === undefined) {
    mine = none();
    samples.set(camera, mine);
  }
  mine.keys.push(key);
  mine.ways.push(way);
}
