// The frames that rasters are waiting with, as bytes for checkpoints. f64 numbers, then f32 positions, little-endian:
//   held frames, then per open tick its start and frames; each frame behind its camera's index, -1 ends a list.

/** Positions of one frame, in a buffer that is used again. */
export class HeldFrame {
  epochMs = 0;
  count = 0;
  /** x of person i at `i`, y at `yAt + i`. */
  flat = new Float32Array(0);
  readonly xAt = 0;
  yAt = 0;

  /** Takes `count` positions, x from `xAt` and y from `yAt` of `flat`. */
  set(epochMs: number, count: number, flat: Float32Array, xAt: number, yAt: number): void {
    this.#makeRoom(count);
    this.epochMs = epochMs;
    this.count = count;
    for (let i = 0; i < count; i++) {
      this.flat[i] = flat[xAt + i]!;
      this.flat[this.yAt + i] = flat[yAt + i]!;
    }
  }

  #makeRoom(count: number): void {
    if (count <= this.yAt) return;
    this.yAt = 2 ** Math.ceil(Math.log2(count));
    this.flat = new Float32Array(2 * this.yAt);
  }
}

type Frames = readonly (HeldFrame | undefined)[];

export function writeFrames(held: Frames, open: ReadonlyMap<number, Frames>): Uint8Array {
  // In order of time: the order of arrival must not show in a checkpoint.
  const ticks = [...open].sort(([a], [b]) => a - b);
  const lists = [held, ...ticks.map(([, frames]) => frames)];
  const size = lists.reduce((sum, frames) => sum + bytesOf(frames), 8 + 8 * ticks.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const number = (value: number): void => {
    view.setFloat64(at, value, true);
    at += 8;
  };
  const list = (frames: Frames): void => {
    frames.forEach((frame, camera) => {
      if (frame === undefined) return;
      number(camera);
      number(frame.epochMs);
      number(frame.count);
      for (const from of [frame.xAt, frame.yAt]) {
        for (let i = 0; i < frame.count; i++, at += 4) view.setFloat32(at, frame.flat[from + i]!, true);
      }
    });
    number(-1);
  };
  number(ticks.length);
  list(held);
  for (const [tick, frames] of ticks) {
    number(tick);
    list(frames);
  }
  return bytes;
}

function bytesOf(frames: Frames): number {
  return frames.reduce((sum, frame) => sum + (frame === undefined ? 0 : 24 + 8 * frame.count), 8);
}

/** @throws RangeError when the bytes end too early or name a camera that is not there */
export function readFrames(
  bytes: Uint8Array,
  cameras: number,
): { held: (HeldFrame | undefined)[]; open: Map<number, (HeldFrame | undefined)[]> } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const number = (): number => {
    at += 8;
    return view.getFloat64(at - 8, true);
  };
  const columns = (count: number): Float32Array => {
    const values = new Float32Array(2 * count);
    for (let i = 0; i < 2 * count; i++, at += 4) values[i] = view.getFloat32(at, true);
    return values;
  };
  const list = (): (HeldFrame | undefined)[] => {
    const frames = new Array<HeldFrame | undefined>(cameras).fill(undefined);
    for (let camera = number(); camera !== -1; camera = number()) {
      if (!(Number.isInteger(camera) && camera >= 0 && camera < cameras)) {
        throw new RangeError(`a snapshot of rasters names camera ${camera} of ${cameras}`);
      }
      const epochMs = number();
      const count = number();
      const frame = new HeldFrame();
      frame.set(epochMs, count, columns(count), 0, count);
      frames[camera] = frame;
    }
    return frames;
  };
  const ticks = number();
  const held = list();
  const open = new Map<number, (HeldFrame | undefined)[]>();
  for (let i = 0; i < ticks; i++) {
    const tick = number();
    open.set(tick, list());
  }
  return { held, open };
}
