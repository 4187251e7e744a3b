// Checks of one frame, made before anything changes, so that a refused frame leaves no trace.
import type { Plan } from './config.ts';
import { WindowError } from './errors.ts';
import type { Column, WindowConfig, WindowFrame } from './types.ts';

/** 2100-01-01 UTC: a later event time is a broken clock. */
const MAX_EPOCH_MS = 4_102_444_800_000;

export class FrameCheck {
  readonly #config: WindowConfig;
  readonly #plan: Plan;

  constructor(config: WindowConfig, plan: Plan) {
    this.#config = config;
    this.#plan = plan;
  }

  /** @throws WindowError */
  frame(frame: WindowFrame): void {
    const { source, epochMs, n, keys, columns } = frame;
    const { sources } = this.#config;
    if (!Number.isInteger(source) || source < 0 || source >= sources.length) {
      throw invalid(`source ${source} is not one of ${sources.length}`);
    }
    if (!Number.isInteger(epochMs) || epochMs < 0 || epochMs > MAX_EPOCH_MS) {
      throw invalid(`event time ${epochMs} of ${sources[source]!.name} is no epoch time in ms before 2100`);
    }
    const { seq } = frame;
    if (seq !== undefined && (!Number.isInteger(seq) || seq < 0))
      throw invalid(`seq ${seq} is no whole number`);
    if (!Number.isInteger(n) || n < 0 || keys.length < n)
      throw invalid(`${n} samples but ${keys.length} keys`);
    if (n > 0 && sources[source]!.kind === 'clock')
      throw invalid(`clock ${sources[source]!.name} sent samples`);
    if (columns.length !== this.#config.columns.length) {
      throw invalid(`${columns.length} columns where ${this.#config.columns.length} are configured`);
    }
    for (let c = 0; c < columns.length; c++) {
      if (columns[c]!.length < n)
        throw invalid(`column ${this.#config.columns[c]} is shorter than ${n} samples`);
    }
    this.#keys(source, keys, n);
    for (const { column, maxAbs, ids } of this.#plan.columnBounds) {
      const values = columns[column]!;
      const bad = ids ? firstBadId(values, n) : firstBeyond(values, n, maxAbs);
      if (bad >= 0) {
        throw new WindowError(
          'value-out-of-range',
          `${this.#config.columns[column]} of sample ${bad} from ${sources[source]!.name} is ${values[bad]}`,
          ids ? 'ids are integers in [0, 2^32)' : `use NaN for unknown; the bound is ${maxAbs}`,
        );
      }
    }
  }

  #keys(source: number, keys: Int32Array, n: number): void {
    const may = this.#plan.mayObserve[source]!;
    let before = -1;
    for (let i = 0; i < n; i++) {
      const key = keys[i]!;
      if (key === before) continue;
      before = key;
      // may[key] is undefined beyond the last key, and below -1.
      if (may[key] !== 1 && key !== -1) {
        throw new WindowError(
          'key-unregistered',
          `sample ${i} from ${this.#config.sources[source]!.name} is for key ${key}, which does not list it`,
          'register the source with the key, or give -1 for no key',
        );
      }
    }
  }
}

/** Index of the first value beyond the bound, or -1; NaN passes. */
function firstBeyond(values: Column, n: number, maxAbs: number): number {
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    if (value > maxAbs || value < -maxAbs) return i;
  }
  return -1;
}

function firstBadId(values: Column, n: number): number {
  for (let i = 0; i < n; i++) if (values[i]! >>> 0 !== values[i]) return i;
  return -1;
}

/** A frame with arrays of its own, for keeping. */
export function copyFrame(frame: WindowFrame): WindowFrame {
  const { n } = frame;
  return {
    ...frame,
    keys: frame.keys.slice(0, n),
    columns: frame.columns.map((column) => column.slice(0, n)),
  };
}

function invalid(message: string): WindowError {
  return new WindowError('frame-invalid', message, 'quarantine the message');
}
