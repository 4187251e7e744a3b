// Frames that came before it is known what time it is. Bounded by its caller.
import type { ByteReader, ByteWriter } from './bytes.ts';
import { copyFrame } from './frames.ts';
import { readFrame, writeFrame } from './snapshot.ts';
import type { WindowFrame } from './types.ts';

export class HeldFrames {
  readonly #frames: WindowFrame[] = [];
  #samples = 0;

  get count(): number {
    return this.#frames.length;
  }

  /** Samples of all frames together. */
  get samples(): number {
    return this.#samples;
  }

  /** Keeps a copy. */
  add(frame: WindowFrame): void {
    this.#frames.push(copyFrame(frame));
    this.#samples += frame.n;
  }

  /** All of them, in order of arrival; none are held afterwards. */
  takeAll(): WindowFrame[] {
    this.#samples = 0;
    return this.#frames.splice(0);
  }

  write(writer: ByteWriter): void {
    writer.uint(this.#frames.length);
    for (const frame of this.#frames) writeFrame(writer, frame);
  }

  read(reader: ByteReader, columnCount: number): void {
    for (let left = reader.uint(); left > 0; left--) {
      const frame = readFrame(reader, columnCount);
      this.#frames.push(frame);
      this.#samples += frame.n;
    }
  }
}
