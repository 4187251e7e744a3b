// Collective oscillation: a packed crowd swinging or circling as one, seen as a spectral peak of its mean velocity
// between 0.03 and 0.1 Hz. Gu et al. 2025, Nature 638, 112-119; spectrum: Zechmeister & Kuerster 2009 (floating-mean
// least squares), which bears missing samples.
//
// Each frequency is looked for in its own last few periods, not in one window for all: what was before the crowd began to swing
// then dilutes nothing, and a fast oscillation is found sooner than a slow one. The fewer periods, the purer they must be.
import { crowdDefaults } from './defaults.ts';
import { MeasureError } from './errors.ts';

export type OscillationOptions = {
  /** Hz, lowest and highest */
  readonly band?: readonly [number, number];
  /** how many of its own last periods a frequency is fitted to, and the share (0..1) of their variance that it must explain;
   * any one of the rules is enough */
  readonly rules?: readonly { readonly periods: number; readonly share: number }[];
  /** m/s */
  readonly amplitude?: number;
};

export type Oscillation =
  | { readonly state: 'unknown'; readonly reason: string }
  | {
      readonly state: 'oscillating' | 'still';
      /** Hz of the frequency of the band that comes nearest to a rule (or furthest past it), and the periods fitted */
      readonly frequency: number;
      readonly periods: number;
      /** m/s: square root of ax^2 + ay^2 of the fitted sines */
      readonly amplitude: number;
      /** share of the detrended variance explained, 0..1 */
      readonly share: number;
      /** 1 circling counter-clockwise, -1 clockwise, 0 swinging along a line */
      readonly chirality: number;
    };

/** Frequencies tried, evenly spaced in the logarithm: an eighth of the resolution of three periods. */
const STEPS = 16;
const LEAST_SAMPLES = 8;

/**
 * Look for one frequency in the mean velocity of a zone, as of the newest instant given.
 * @param t seconds, rising; need not be evenly spaced
 * @param vx,vy mean velocity in m/s; NaN for an instant without data
 * @throws MeasureError when times do not rise or the columns differ in length
 */
export function detectOscillation(
  t: ArrayLike<number>,
  vx: ArrayLike<number>,
  vy: ArrayLike<number>,
  options: OscillationOptions = {},
): Oscillation {
  const [low, high] = options.band ?? crowdDefaults.oscillationBand.value;
  const rules = options.rules ?? crowdDefaults.oscillationRules.value;
  const least = options.amplitude ?? crowdDefaults.oscillationAmplitude.value;
  const all = knownSamples(t, vx, vy);
  const end = t.length > 0 ? t[t.length - 1] : 0;
  const known = all.t.length > 0 ? end - all.t[0] : 0;
  const fewest = Math.min(...rules.map(({ periods }) => periods));
  let best: { fit: Fit; periods: number; share: number; found: boolean; margin: number } | undefined;
  for (const { periods, share: needed } of rules) {
    for (let k = 0; k <= STEPS; k++) {
      const frequency = low * (high / low) ** (k / STEPS);
      const span = periods / frequency;
      if (span > known) continue;
      const s = since(all, end - span);
      if (s.t.length < Math.max(LEAST_SAMPLES, 4 * high * span)) continue;
      const before = detrend(s.t, s.vx) + detrend(s.t, s.vy);
      const fit = fitSine(s, frequency);
      const share = before > 0 ? Math.min(1, fit.explained / before) : 0;
      const found = share >= needed && fit.amplitude >= least;
      const margin = share / needed;
      if (!best || (found && !best.found) || (found === best.found && margin > best.margin))
        best = { fit, periods, share, found, margin };
    }
  }
  // What has not been looked for everywhere cannot be said to be absent.
  if (!best?.found && known * low < fewest)
    return {
      state: 'unknown',
      reason: `${fewest} periods at ${low} Hz need ${fewest / low} s, there are ${known} s`,
    };
  if (!best)
    return {
      state: 'unknown',
      reason: `${all.t.length} samples in ${known} s are too few to resolve ${high} Hz`,
    };
  const { fit, periods, share, found } = best;
  return {
    state: found ? 'oscillating' : 'still',
    frequency: fit.frequency,
    periods,
    amplitude: fit.amplitude,
    share,
    chirality: fit.chirality,
  };
}

/** A copy of the samples from `from` on. */
function since({ t, vx, vy }: Samples, from: number): Samples {
  let k = 0;
  while (k < t.length && t[k] < from) k++;
  return { t: t.slice(k), vx: vx.slice(k), vy: vy.slice(k) };
}

type Samples = { t: Float64Array; vx: Float64Array; vy: Float64Array };

function knownSamples(t: ArrayLike<number>, vx: ArrayLike<number>, vy: ArrayLike<number>): Samples {
  if (vx.length !== t.length || vy.length !== t.length)
    throw new MeasureError(`columns differ in length: t ${t.length}, vx ${vx.length}, vy ${vy.length}`);
  const known: number[] = [];
  for (let i = 0; i < t.length; i++) {
    if (i > 0 && !(t[i] > t[i - 1]))
      throw new MeasureError(`times must rise: ${t[i - 1]} s is followed by ${t[i]} s`);
    if (!Number.isNaN(vx[i]) && !Number.isNaN(vy[i])) known.push(i);
  }
  const pick = (c: ArrayLike<number>): Float64Array => Float64Array.from(known, (i) => c[i]);
  return { t: pick(t), vx: pick(vx), vy: pick(vy) };
}

/** Take the straight line off in place; returns the sum of squares left. */
function detrend(t: Float64Array, v: Float64Array): number {
  const n = t.length;
  let [mt, mv] = [0, 0];
  for (let i = 0; i < n; i++) {
    mt += t[i] / n;
    mv += v[i] / n;
  }
  let [stt, stv] = [0, 0];
  for (let i = 0; i < n; i++) {
    stt += (t[i] - mt) ** 2;
    stv += (t[i] - mt) * (v[i] - mv);
  }
  const slope = stt > 0 ? stv / stt : 0;
  let left = 0;
  for (let i = 0; i < n; i++) {
    v[i] -= mv + slope * (t[i] - mt);
    left += v[i] * v[i];
  }
  return left;
}

type Fit = { frequency: number; explained: number; amplitude: number; chirality: number };

/** Least squares of a constant, a cosine and a sine at one frequency, on both axes. */
function fitSine(s: Samples, frequency: number): Fit {
  const n = s.t.length;
  const w = 2 * Math.PI * frequency;
  let [c, sn, cc, ss, cs, x, xc, xs, y, yc, ys] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const phase = w * (s.t[i] - s.t[0]);
    const co = Math.cos(phase);
    const si = Math.sin(phase);
    c += co;
    sn += si;
    cc += co * co;
    ss += si * si;
    cs += co * si;
    x += s.vx[i];
    xc += s.vx[i] * co;
    xs += s.vx[i] * si;
    y += s.vy[i];
    yc += s.vy[i] * co;
    ys += s.vy[i] * si;
  }
  // centred sums: the floating mean
  const CC = cc - (c * c) / n;
  const SS = ss - (sn * sn) / n;
  const CS = cs - (c * sn) / n;
  const det = CC * SS - CS * CS;
  const axis = (sum: number, withC: number, withS: number): { a: number; b: number; explained: number } => {
    const VC = withC - (sum * c) / n;
    const VS = withS - (sum * sn) / n;
    const a = (VC * SS - VS * CS) / det;
    const b = (VS * CC - VC * CS) / det;
    return { a, b, explained: a * VC + b * VS };
  };
  const fx = axis(x, xc, xs);
  const fy = axis(y, yc, ys);
  const power = fx.a * fx.a + fx.b * fx.b + fy.a * fy.a + fy.b * fy.b;
  return {
    frequency,
    explained: fx.explained + fy.explained,
    amplitude: Math.sqrt(power),
    // v = (A cos wt, A sin wt): fx.a = A, fy.b = A -> +1
    chirality: power > 0 ? (2 * (fx.a * fy.b - fx.b * fy.a)) / power : 0,
  };
}
