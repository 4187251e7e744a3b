// Collective oscillation: a packed crowd swinging or circling as one, seen as a spectral peak of its mean velocity
// between 0.03 and 0.1 Hz. Gu et al. 2025, Nature 638, 112-119; spectrum: Zechmeister & Kuerster 2009 (floating-mean
// least squares), which bears missing samples.
import { crowdDefaults } from './defaults.ts';
import { MeasureError } from './errors.ts';

export type OscillationOptions = {
  /** Hz, lowest and highest */
  readonly band?: readonly [number, number];
  /** periods that must fit into the samples */
  readonly periods?: number;
  /** share of the variance of the velocity that the peak must explain, 0..1 */
  readonly share?: number;
  /** m/s */
  readonly amplitude?: number;
};

export type Oscillation =
  | { readonly state: 'unknown'; readonly reason: string }
  | {
      readonly state: 'oscillating' | 'still';
      /** Hz of the strongest frequency of the band, and how many of its periods the samples span */
      readonly frequency: number;
      readonly periods: number;
      /** m/s: square root of ax^2 + ay^2 of the fitted sines */
      readonly amplitude: number;
      /** share of the detrended variance explained, 0..1 */
      readonly share: number;
      /** 1 circling counter-clockwise, -1 clockwise, 0 swinging along a line */
      readonly chirality: number;
    };

/**
 * Look for one frequency in the mean velocity of a zone.
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
  const needed = options.periods ?? crowdDefaults.oscillationPeriods.value;
  const share = options.share ?? crowdDefaults.oscillationShare.value;
  const least = options.amplitude ?? crowdDefaults.oscillationAmplitude.value;
  const s = knownSamples(t, vx, vy);
  const n = s.t.length;
  const span = n > 0 ? s.t[n - 1] - s.t[0] : 0;
  if (span * high < needed)
    return {
      state: 'unknown',
      reason: `${needed} periods at ${high} Hz need ${needed / high} s, there are ${span} s`,
    };
  if (n < 4 * high * span || n < 8)
    return { state: 'unknown', reason: `${n} samples in ${span} s are too few to resolve ${high} Hz` };
  const before = detrend(s.t, s.vx) + detrend(s.t, s.vy);
  const from = Math.max(low, needed / span);
  let best: Fit | undefined;
  const steps = Math.max(1, Math.ceil((high - from) * span * 8));
  for (let k = 0; k <= steps; k++) {
    const candidate = fitSine(s, from + ((high - from) * k) / steps);
    if (!best || candidate.explained > best.explained) best = candidate;
  }
  if (!best) return { state: 'unknown', reason: 'no frequency to try' };
  const explained = before > 0 ? Math.min(1, best.explained / before) : 0;
  const found = explained >= share && best.amplitude >= least;
  return {
    state: found ? 'oscillating' : 'still',
    frequency: best.frequency,
    periods: best.frequency * span,
    amplitude: best.amplitude,
    share: explained,
    chirality: best.chirality,
  };
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
