// What the operator asks of an aggregate: accumulate a frame into a pane, seal panes in order, answer for a window.
import type { ByteReader, ByteWriter } from '../bytes.ts';
import type { PrefixRing } from '../rings.ts';
import type { KeySpec, WindowFrame } from '../types.ts';

/** Sizes and shared state that every aggregate of one operator sees. */
export interface EngineShape {
  readonly keys: readonly KeySpec[];
  readonly paneMs: number;
  /** Panes kept for windows; a power of two. */
  readonly capacity: number;
  /** Panes kept raw, for those that may still change; a power of two. */
  readonly openCapacity: number;
  /** Length of each window spec in panes. */
  readonly windowPanes: readonly number[];
  /** Frames per source and pane. */
  readonly frames: PrefixRing;
  /** Samples that one pane may hold, so that no sum can pass 2^53. */
  readonly maxPaneSamples: number;
}

export interface Kernel {
  /** Names of the numeric outputs, relative to the aggregate's: '' or '.max'. */
  readonly parts: readonly string[];
  /** True where there is an object output. */
  readonly object: boolean;
  /** Adds the samples of a frame to a pane, sealed or not. Keys are checked already. */
  add(pane: number, frame: WindowFrame): void;
  /** The pane has closed; or it or one before it has changed since: ascending, from the first changed pane upwards. */
  seal(pane: number, changed: boolean): void;
  /** After a restore: builds what was not written for a pane that was sealed. Ascending, from the first pane kept. */
  reseal(pane: number): void;
  /** Before this everything is empty; panes will be sealed from here. */
  anchor(): void;
  /** The pane leaves the ring. */
  clear(pane: number): void;
  /** The pane can change no more. */
  close(pane: number): void;
  /** Answers for panes [from, to) of a window spec: numeric parts of `rows` into `out`, objects into `objects`. */
  emit(
    window: number,
    from: number,
    to: number,
    rows: Int32Array,
    out: Float64Array[],
    objects: unknown[],
  ): void;
  /** Panes kept are [base, base + capacity), of which those before `sealedTo` are sealed; raw ones begin at `openBase`. */
  write(writer: ByteWriter, base: number, openBase: number, sealedTo: number): void;
  read(reader: ByteReader, base: number, openBase: number, sealedTo: number): void;
}
