// Compact binary writing and reading for checkpoints: varints with runs of zeros, floats, strings.
import { WindowError } from './errors.ts';

const text = { encode: new TextEncoder(), decode: new TextDecoder('utf-8', { fatal: true }) };

/** Grows by doubling; `bytes()` is a copy of what was written. */
export class ByteWriter {
  #buffer = new Uint8Array(1 << 16);
  #view = new DataView(this.#buffer.buffer);
  #at = 0;

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#at + bytes));
    grown.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }

  u8(value: number): void {
    this.#room(1);
    this.#buffer[this.#at++] = value;
  }

  f64(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Non-negative integer below 2^53. */
  uint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      // Division, because shifts end at 32 bits.
      const high = Math.floor(rest / 128);
      this.#buffer[this.#at++] = (rest - high * 128) | 0x80;
      rest = high;
    }
    this.#buffer[this.#at++] = rest;
  }

  /** Integer of magnitude below 2^52. */
  int(value: number): void {
    this.uint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  string(value: string): void {
    this.blob(text.encode.encode(value));
  }

  blob(value: Uint8Array): void {
    this.uint(value.length);
    this.#room(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  /** Integers, with runs of zeros as one number: 0 then run length - 1. */
  ints(values: ArrayLike<number>, from: number, to: number): void {
    let i = from;
    while (i < to) {
      const value = values[i]!;
      if (value !== 0) {
        this.int(value);
        i++;
        continue;
      }
      let end = i + 1;
      while (end < to && values[end] === 0) end++;
      this.int(0);
      this.uint(end - i - 1);
      i = end;
    }
  }

  /** Floats, of which `absent` is written as runs. */
  floats(values: Float64Array, from: number, to: number, absent: number): void {
    let i = from;
    while (i < to) {
      let end = i;
      while (end < to && Object.is(values[end], absent)) end++;
      this.uint(end - i);
      i = end;
      while (end < to && !Object.is(values[end], absent)) end++;
      this.uint(end - i);
      for (; i < end; i++) this.f64(values[i]!);
    }
  }

  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#at);
  }
}

/** Reads what ByteWriter wrote; throws `snapshot-refused` when the bytes end early. */
export class ByteReader {
  readonly #buffer: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#buffer.length;
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#buffer.length) throw truncated();
    this.#at = at + bytes;
    return at;
  }

  u8(): number {
    return this.#buffer[this.#take(1)]!;
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  uint(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      if (this.#at >= this.#buffer.length) throw truncated();
      const byte = this.#buffer[this.#at++]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 128;
    }
  }

  int(): number {
    const raw = this.uint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  string(): string {
    return text.decode.decode(this.blob());
  }

  blob(): Uint8Array {
    const length = this.uint();
    const at = this.#take(length);
    return this.#buffer.subarray(at, at + length);
  }

  ints(into: { [index: number]: number }, from: number, to: number): void {
    let i = from;
    while (i < to) {
      const value = this.int();
      if (value !== 0) {
        into[i++] = value;
        continue;
      }
      const end = i + this.uint() + 1;
      if (end > to) throw truncated();
      while (i < end) into[i++] = 0;
    }
  }

  floats(into: Float64Array, from: number, to: number, absent: number): void {
    let i = from;
    while (i < to) {
      const gap = i + this.uint();
      const end = gap + this.uint();
      if (end > to) throw truncated();
      into.fill(absent, i, gap);
      for (i = gap; i < end; i++) into[i] = this.f64();
    }
  }
}

function truncated(): WindowError {
  return new WindowError(
    'snapshot-refused',
    'the checkpoint ends within a value',
    'restore an older checkpoint',
  );
}
