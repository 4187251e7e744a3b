// Run-length coding of 32-bit words for checkpoints: a slot in progress is mostly zeros, walls and unknown floor.
//   u32 number of words, then runs: u32 head; high bit set: (head & 0x7fffffff) times the one word that follows; clear: that
//   many literal words follow.

const REPEAT = 0x8000_0000;
/** Shorter runs cost more as runs than as literals. */
const SHORTEST_RUN = 3;

/** Bytes that `unpackWords` reads; little-endian whatever the machine. */
export function packWords(words: Uint32Array): Uint8Array {
  // Worst case: all literals, a head before each stretch between runs, and the count.
  const out = new DataView(new ArrayBuffer(4 * (words.length + Math.ceil(words.length / SHORTEST_RUN) + 3)));
  let at = 0;
  const put = (word: number): void => {
    out.setUint32(4 * at, word, true);
    at += 1;
  };
  put(words.length);
  let i = 0;
  while (i < words.length) {
    let run = runAt(words, i);
    if (run >= SHORTEST_RUN) {
      put(REPEAT + run);
      put(words[i]);
      i += run;
      continue;
    }
    const head = at;
    put(0);
    const from = i;
    while (i < words.length && run < SHORTEST_RUN) {
      put(words[i]);
      i += 1;
      run = runAt(words, i);
    }
    out.setUint32(4 * head, i - from, true);
  }
  return new Uint8Array(out.buffer, 0, 4 * at).slice();
}

/** Length of the run at `from`, looked at as far as it decides anything, then to its end. */
function runAt(words: Uint32Array, from: number): number {
  const value = words[from];
  let i = from + 1;
  while (i < words.length && words[i] === value) i += 1;
  return i - from;
}

/** The words, or undefined when `bytes` are not exactly `length` packed words. */
export function unpackWords(bytes: Uint8Array, length: number): Uint32Array | undefined {
  if (bytes.byteLength % 4 !== 0 || bytes.byteLength < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const total = bytes.byteLength / 4;
  if (view.getUint32(0, true) !== length) return undefined;
  const words = new Uint32Array(length);
  let i = 0;
  let at = 1;
  while (at < total) {
    const head = view.getUint32(4 * at, true);
    const repeat = head >= REPEAT;
    const count = repeat ? head - REPEAT : head;
    at += 1;
    if (count === 0 || i + count > length || at + (repeat ? 1 : count) > total) return undefined;
    if (repeat) {
      words.fill(view.getUint32(4 * at, true), i, i + count);
      at += 1;
    } else {
      for (let k = 0; k < count; k += 1) words[i + k] = view.getUint32(4 * (at + k), true);
      at += count;
    }
    i += count;
  }
  return i === length ? words : undefined;
}
