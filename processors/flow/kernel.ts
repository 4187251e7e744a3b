// Counts the crossings of every line from frames in order, per camera, and how many stand near each line.
//
// Track ids are a camera's own. A person who passes from one camera's view to another's gets a new id, and a step between
// two ids is never joined: guessing who is who would invent crossings. A crossing is therefore counted only by a camera
// that sees the person on both sides of the line. Where several cameras see a crossing, it belongs to the first live one of
// the venue's list that covers the point of the line it went through. So: draw lines where one camera sees both sides.
import { LineCounter } from '#models/crowd/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { KeySpec, WindowBlock, WindowFrame } from '#processors/window/index.ts';
import { TracksReader } from '#streams/schema/tracks.ts';
import { Placement } from '../density/placement.ts';
import { createOwnership, type Ownership } from '../density/zones.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import type { SequencedFrame } from '../shared/sequencer.ts';
import type { TickKernel } from '../shared/ticked.ts';
import { type FlowLine, lineKeys, nearestOn } from './lines.ts';

/**
 * A person unseen for this many frame periods, and at least a second, is joined by a straight step: three missed frames. Fewer are
 * too few where people wait on the line: whoever is missed twice there would begin anew on it, on neither side.
 */
const GAP_PERIODS = 4.5;
const GAP_S = 1;
/** Frame periods without a frame until a camera is not live and the next one answers for its places. */
const HELD_PERIODS = 2;

interface CameraLines {
  readonly counter: LineCounter;
  /** Indexes of the counter's lines among all. */
  readonly lines: readonly number[];
  readonly ownership: Ownership;
  /** The camera's number on its level. */
  readonly local: number;
}

export class FlowKernel implements TickKernel {
  /** Key k is line k; key `lines.length + k` is the floor near it. */
  readonly keys: readonly KeySpec[];
  readonly #lines: readonly FlowLine[];
  readonly #cameras: readonly CameraLines[];
  readonly #near: Placement;
  readonly #frame = new TracksReader();
  readonly #venue: Venue;
  /** Event time of the newest frame of each camera. */
  #newest: Float64Array;
  readonly #append: (block: WindowBlock, outputs: Output[]) => void;
  #keysOut = new Int32Array(256);
  #columns = [new Float64Array(256), new Float64Array(256)] as const;

  constructor(
    venue: Venue,
    lines: readonly FlowLine[],
    append: (block: WindowBlock, outputs: Output[]) => void,
    bandM: number,
  ) {
    this.#venue = venue;
    this.#newest = new Float64Array(venue.cameras.length).fill(Number.NEGATIVE_INFINITY);
    this.#lines = lines;
    this.#append = append;
    const ownerships = new Map(venue.levels.map(({ ordinal }) => [ordinal, createOwnership(venue, ordinal)]));
    this.#near = new Placement({ ...venue, zones: lines.map(({ near }) => near) });
    this.keys = lineKeys(venue, lines);
    this.#cameras = venue.cameras.map((camera, index) => {
      const mine = lines.flatMap((_, k) => (this.keys[k]!.sources.includes(index) ? [k] : []));
      const ownership = ownerships.get(camera.level)!;
      return {
        counter: new LineCounter(
          mine.map((k) => lines[k]!.segment),
          { gap: Math.max(GAP_S, GAP_PERIODS / camera.framesPerSecond), band: bandM },
        ),
        lines: mine,
        ownership,
        local: ownership.cameras.indexOf(camera),
      };
    });
  }

  frame({ source, epochMs, seq, payload }: SequencedFrame, push: (frame: WindowFrame) => void): void {
    const frame = this.#frame;
    frame.reread(payload);
    this.#newest[source] = epochMs;
    const near = this.#near.place(source, frame);
    let n = 0;
    for (let i = 0; i < near.n; i++) this.#add(n++, this.#lines.length + near.keys[i]!, Number.NaN);
    for (const { line, direction } of this.#crossings(source)) this.#add(n++, line, direction);
    push({ source, epochMs, seq, n, keys: this.#keysOut, columns: this.#columns });
  }

  /** Crossings of the frame just read that its camera answers for. */
  #crossings(source: number): { line: number; direction: -1 | 1 }[] {
    const { counter, lines, ownership, local } = this.#cameras[source]!;
    if (lines.length === 0) return [];
    const { count, flat, epochMs, ids } = this.#frame;
    const [x, y] = [flat.subarray(count, 2 * count), flat.subarray(2 * count, 3 * count)];
    const crossings = counter.update(epochMs / 1000, ids, x, y, count);
    if (crossings.length === 0) return [];
    const live = this.#live(ownership, epochMs);
    const at = new Map<number, number>();
    for (let i = 0; i < count; i++) at.set(ids[i]!, i);
    return crossings.flatMap(({ line, id, direction }) => {
      const i = at.get(id)!;
      const [px, py] = nearestOn(counter.lines[line]!, x[i]!, y[i]!);
      const set = ownership.coverage.at(px, py);
      const mine = set < 0 || ownership.owner(set, live) === local;
      return mine ? [{ line: lines[line]!, direction }] : [];
    });
  }

  #live({ cameras }: Ownership, epochMs: number): Uint8Array {
    return Uint8Array.from(cameras, (camera) => {
      const held = Math.max(this.#venue.tickMs, (HELD_PERIODS * 1000) / camera.framesPerSecond);
      return this.#newest[this.#venue.cameras.indexOf(camera)]! >= epochMs - held ? 1 : 0;
    });
  }

  /** Writes sample `n`: for a crossing +1 is from right to left of the line, which is out; NaN is no crossing. */
  #add(n: number, key: number, direction: number): void {
    if (n === this.#keysOut.length) {
      const [entered, left] = this.#columns;
      this.#columns = [new Float64Array(2 * n), new Float64Array(2 * n)];
      this.#columns[0].set(entered);
      this.#columns[1].set(left);
      const keys = new Int32Array(2 * n);
      keys.set(this.#keysOut);
      this.#keysOut = keys;
    }
    this.#keysOut[n] = key;
    this.#columns[0][n] = direction === -1 ? 1 : Number.isNaN(direction) ? direction : 0;
    this.#columns[1][n] = direction === 1 ? 1 : Number.isNaN(direction) ? direction : 0;
  }

  append(block: WindowBlock, outputs: Output[]): void {
    this.#append(block, outputs);
  }

  snapshot(): Uint8Array {
    const states = [this.#newest.slice(), ...this.#cameras.map(({ counter }) => counter.state())];
    return joinSections(states.map(({ buffer }) => new Uint8Array(buffer)));
  }

  restore(bytes: Uint8Array): void {
    const sections = splitSections(bytes, 1 + this.#cameras.length);
    const [newest, ...states] = sections.map((section) => new Float64Array(section.slice().buffer));
    this.#newest = newest!;
    this.#cameras.forEach(({ counter }, k) => {
      counter.restore(states[k]!);
    });
  }

  figures(): Readonly<Record<string, number>> {
    return { lines_unseen: this.#lines.filter((_, k) => this.keys[k]!.sources.length === 0).length };
  }
}
