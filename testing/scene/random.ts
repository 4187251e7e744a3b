// A small seeded generator for scenes and schedules of tests: the same seed gives the same numbers on every machine.

export interface SeededRandom {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [from, to). */
  between(from: number, to: number): number;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, full period. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, between: (from, to) => from + (to - from) * next() };
}
