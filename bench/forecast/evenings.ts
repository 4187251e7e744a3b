// Simulated evenings at a stadium: occupancy, inflow and density of one zone per minute, from a small seeded generator of
// arrival and departure curves (no persons walk in it). Evenings differ as real ones do: attendance, start, lateness,
// weather, a slow gate, an early exodus; counts are Poisson, density has sensor noise.
import type { Point } from '#models/forecast/index.ts';
import type { Series } from './data.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Minutes of one evening: doors open at 0, kick-off near 105, the end near 220. */
const LENGTH = 260;
const CAPACITY = 30_000;

/** Uniform numbers in [0,1) from a seed (mulberry32). */
function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * `evenings` evenings of one venue, three to four days apart, each as three series of one value a minute: `occupancy`
 * (persons inside), `inflow` (persons per minute), `density` (1/m2, of the concourse).
 */
export function simulateEvenings(seed: number, evenings: number): Series[] {
  const uniform = uniforms(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  // Above 30 the normal approximation of a Poisson count is closer than any venue's counting.
  const poisson = (mean: number): number => {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    let count = 0;
    for (let left = Math.exp(-mean), p = uniform(); p > left; p *= uniform()) count += 1;
    return count;
  };
  const series = { occupancy: [] as Point[], inflow: [] as Point[], density: [] as Point[] };
  let day = Date.UTC(2025, 2, 1);
  for (let e = 0; e < evenings; e++) {
    const open = day + 17 * 60 * MINUTE + Math.floor(uniform() * 4) * 15 * MINUTE;
    day += (uniform() < 0.5 ? 3 : 4) * DAY;
    const attendance = CAPACITY * (0.45 + 0.5 * uniform());
    const peak = 75 + 8 * normal();
    const spread = 13 + 3 * uniform();
    const end = 218 + 6 * normal();
    const early = 0.05 + 0.2 * uniform();
    const slowFrom = uniform() < 0.25 ? 40 + 40 * uniform() : Number.POSITIVE_INFINITY;
    let waiting = 0;
    let inside = 0;
    let restless = 0;
    for (let minute = 0; minute < LENGTH; minute++) {
      const epochMs = open + minute * MINUTE;
      const wave = logistic((minute + 1 - peak) / spread) - logistic((minute - peak) / spread);
      waiting += poisson(attendance * wave);
      const gates = minute >= slowFrom && minute < slowFrom + 25 ? 0.012 : 0.03;
      const entering = Math.min(waiting, poisson(CAPACITY * gates));
      waiting -= entering;
      const share =
        minute > end ? 0.09 : minute > end - 20 ? (early / 20) * 1.2 : minute > 140 ? 0.0005 : 0.0001;
      const leaving = Math.min(inside, poisson(inside * share));
      inside += entering - leaving;
      restless = 0.9 * restless + 0.1 * normal();
      const interval = Math.exp(-(((minute - 160) / 7) ** 2));
      const walking = entering * 6 + leaving * 5 + inside * 0.25 * interval + inside * 0.02;
      const density = Math.max(0, (walking / 4000) * Math.exp(0.5 * restless) + 0.02 * normal());
      series.occupancy.push({ epochMs, value: inside });
      series.inflow.push({ epochMs, value: entering });
      series.density.push({ epochMs, value: density });
    }
  }
  return Object.entries(series).map(([name, points]) => ({ name: `venue-${seed} ${name}`, points }));
}
