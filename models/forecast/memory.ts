// All mutable numbers of a forecaster, so that its memory is bounded by construction and a snapshot is one copy.
import { ForecastError } from './errors.ts';

/** Hands out fixed arrays of doubles while a forecaster is built; saves and loads all of them at once. */
export class Memory {
  readonly #parts: Float64Array[] = [];
  #length = 0;

  /** A new array of `length` doubles, all `fill`. */
  take(length: number, fill = 0): Float64Array {
    const part = new Float64Array(length).fill(fill);
    this.#parts.push(part);
    this.#length += length;
    return part;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#length * 8;
  }

  /** Every double, in the order taken. */
  save(): Float64Array {
    const all = new Float64Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** @throws ForecastError when `all` was saved by a forecaster built otherwise */
  load(all: Float64Array): void {
    if (all.length !== this.#length) {
      throw new ForecastError(
        `this state holds ${all.length} numbers, a forecaster of these options ${this.#length}: ` +
          'restore it with the version that saved it, or start anew',
      );
    }
    let at = 0;
    for (const part of this.#parts) {
      part.set(all.subarray(at, at + part.length));
      at += part.length;
    }
  }
}

const CHUNK = 8192;

/** Doubles as base64 of their little-endian bytes, exact for NaN and infinities too. */
export function toBase64(values: Float64Array): string {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat64(i * 8, values[i], true);
  let text = '';
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(text);
}

/** @throws ForecastError for text that is not whole doubles in base64 */
export function fromBase64(text: string): Float64Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch (cause) {
    throw new ForecastError('the state is not base64: it was damaged on its way', { cause });
  }
  if (binary.length % 8 !== 0) throw new ForecastError('the state ends inside a number: it was cut off');
  const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const values = new Float64Array(binary.length / 8);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat64(i * 8, true);
  return values;
}
