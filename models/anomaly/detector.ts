// The streaming anomaly detector: one default configuration for every series. Each value is compared with three
// references (what is usual at this time, the level of the whole past, the moments just before) at several spans. For
// each comparison the rarity of its magnitude among all earlier ones of the same series is known; their root mean
// square is the evidence. Evidence above a bar raises an alarm; alarms rest for a while after one, and a series that alarms
// often must show more each time. Online, no look-ahead, bounded state, no clock, no randomness.
import { Profile, profileSize } from './profile.ts';
import { RarityBank, raritySize } from './rarity.ts';
import type { AnomalyCode, AnomalyReason } from './reason.ts';
import { RunWatch, runsSize } from './runs.ts';

/** Settings. The defaults are meant for every series; spans and rests are counted in values, not in seconds. */
export interface DetectorOptions {
  /** Evidence that raises an alarm: root mean square over the comparisons of -log10(probability). */
  readonly bar: number;
  /**
   * After an alarm, only clearly stronger evidence (by `escalation`) raises another for this many values, or for
   * `restMs` milliseconds of event time where that is shorter.
   */
  readonly rest: number;
  readonly restMs: number;
  readonly escalation: number;
  /** Added to the bar: `habituation` x log10(1 + recent alarms). */
  readonly habituation: number;
  /** Values after which a past alarm counts 1/e. */
  readonly alarmMemory: number;
  /** Values from the start during which nothing is judged (score 0, reason `learning`). */
  readonly learning: number;
  /** Shortest run of one unchanged value, or of missing values, that can be an anomaly. */
  readonly flatRun: number;
  readonly missingRun: number;
}

export const defaultDetectorOptions: DetectorOptions = {
  bar: 1.45,
  rest: 100,
  restMs: 8 * 3_600_000,
  escalation: 1,
  habituation: 1,
  alarmMemory: 10_000,
  learning: 20,
  flatRun: 200,
  missingRun: 5,
};

/** Result for one value. */
export interface AnomalyResult {
  /**
   * In [0,1]. At least 0.5 means an alarm, higher with more evidence; below 0.5 no alarm, growing towards it.
   * While alarms rest after one, the score stays below 0.5 even if the series is still unusual: `evidence` shows that.
   */
  readonly score: number;
  readonly reason: AnomalyReason;
  /** Root mean square of -log10(probability) over the comparisons, before rest and habituation; 0 is ordinary, 3 extreme. */
  readonly evidence: number;
}

/** A time or value that is not a number at all, wrong options, or a snapshot of another layout. */
export class AnomalyInputError extends Error {
  override readonly name = 'AnomalyInputError';
}

/** Scores one series, value by value. */
export interface Detector {
  /**
   * Scores `value` at `epochMs` from what came before and learns it. NaN is a missing value: it is counted, never learned.
   * Times need not be regular or increasing; they only place a value in the day and the week.
   * @throws AnomalyInputError on a non-finite time, or a value beyond +-1e30.
   */
  update(epochMs: number, value: number): AnomalyResult;
  /** All state, for `restoreDetector`; a restored detector continues exactly as this one would. */
  snapshot(): Uint8Array;
}

/** Values beyond this could overflow the sums and the float32 profile. */
const LARGEST = 1e30;
const SPANS = [1, 4, 16] as const;
const CHANGE_SPANS = [1, 4, 32] as const;
const RESIDUALS = 16;
const VALUES = 64;
/** Kinds of comparison, in the order of their channels: see `#departure`. */
const KINDS = 4;
const CHANGE = 3;
const PER_KIND = 3;
const CHANNELS = KINDS * PER_KIND;
const MAGIC = 0x54574144; // "TWAD"
const LAYOUT = 1;

// Scalars.
const SEEN = 0;
const LEVEL = 1;
const LAST_ALARM = 2;
const LAST_EXCESS = 3;
const ALARMS = 4;
const PREVIOUS = 5;
const MOVES = 6;
const LAST_ALARM_MS = 7;
const SIZE = 8;
const SCALARS = 9;

const sizes = raritySize(CHANNELS);
const DOUBLES = SCALARS + VALUES + 3 * RESIDUALS + sizes.meta + profileSize.scalars + 2 * runsSize;
const FLOATS = sizes.counts + profileSize.bins;
const OPTION_KEYS = [
  'bar',
  'rest',
  'restMs',
  'escalation',
  'habituation',
  'alarmMemory',
  'learning',
  'flatRun',
  'missingRun',
] as const;

function checked(options: Partial<DetectorOptions>): DetectorOptions {
  const all = { ...defaultDetectorOptions, ...options };
  for (const key of OPTION_KEYS) {
    if (!Number.isFinite(all[key]) || all[key] < 0) {
      throw new AnomalyInputError(`detector option ${key} must be a finite number >= 0, not ${all[key]}`);
    }
  }
  if (all.bar === 0 || all.alarmMemory === 0) {
    throw new AnomalyInputError('detector options bar and alarmMemory must be above 0');
  }
  return all;
}

/** Mean of `span` values of a ring that end `back` values before the newest (back 0: the newest is included). */
function meanOf(ring: Float64Array, newest: number, span: number, back: number): number {
  let sum = 0;
  for (let k = back; k < back + span; k += 1) sum += ring[(newest - k) & (ring.length - 1)];
  return sum / span;
}

class SeriesDetector implements Detector {
  readonly #options: DetectorOptions;
  readonly #doubles: Float64Array;
  readonly #floats: Float32Array;
  readonly #scalars: Float64Array;
  readonly #values: Float64Array;
  readonly #usual: Float64Array;
  readonly #scaled: Float64Array;
  readonly #level: Float64Array;
  readonly #profile: Profile;
  readonly #rarity: RarityBank;
  readonly #flat: RunWatch;
  readonly #missing: RunWatch;

  constructor(options: DetectorOptions, doubles: Float64Array, floats: Float32Array) {
    this.#options = options;
    this.#doubles = doubles;
    this.#floats = floats;
    let at = 0;
    const take = (count: number): Float64Array => {
      at += count;
      return doubles.subarray(at - count, at);
    };
    this.#scalars = take(SCALARS);
    this.#values = take(VALUES);
    this.#usual = take(RESIDUALS);
    this.#scaled = take(RESIDUALS);
    this.#level = take(RESIDUALS);
    this.#rarity = new RarityBank(floats.subarray(0, sizes.counts), take(sizes.meta));
    this.#profile = new Profile(take(profileSize.scalars), floats.subarray(sizes.counts));
    this.#flat = new RunWatch(take(runsSize), options.flatRun, 3);
    this.#missing = new RunWatch(take(runsSize), options.missingRun, 2);
  }

  update(epochMs: number, value: number): AnomalyResult {
    if (!Number.isFinite(epochMs)) throw new AnomalyInputError(`time is not a number: ${epochMs}`);
    if (Number.isNaN(value)) return this.#missed();
    if (!(Math.abs(value) <= LARGEST)) {
      throw new AnomalyInputError(
        `value ${value} is beyond +-${LARGEST}; give NaN if it is unknown, or another unit`,
      );
    }
    this.#missing.step(false);
    const state = this.#scalars;
    const index = state[SEEN];
    const expected = this.#profile.learn(epochMs, value);
    if (index === 0) state[LEVEL] = value;
    const level = state[LEVEL];
    state[SEEN] = index + 1;
    const share = 1 / Math.min(index + 1, 40_000);
    state[LEVEL] += share * (value - level);
    state[SIZE] += share * (Math.abs(value) - state[SIZE]);
    this.#values[index & (VALUES - 1)] = value;
    this.#usual[index & (RESIDUALS - 1)] = value - expected;
    // Counts vary like the square root of their mean: half of the overall size keeps quiet hours from looking certain.
    const spread = Math.sqrt(Math.abs(expected) + state[SIZE] / 2);
    this.#scaled[index & (RESIDUALS - 1)] = spread > 0 ? (value - expected) / spread : 0;
    this.#level[index & (RESIDUALS - 1)] = value - level;

    let squares = 0;
    let strongest = -1;
    let strongestChannel = 0;
    for (let kind = 0; kind < KINDS; kind += 1) {
      for (let k = 0; k < PER_KIND; k += 1) {
        const span = kind === CHANGE ? CHANGE_SPANS[k] : SPANS[k];
        if (index + 1 < (kind === CHANGE ? 2 * span : span)) continue;
        const channel = kind * PER_KIND + k;
        const rarity = this.#rarity.learn(channel, Math.abs(this.#departure(kind, span, index)));
        squares += rarity * rarity;
        if (rarity > strongest) {
          strongest = rarity;
          strongestChannel = channel;
        }
      }
    }
    const stuck = this.#stuck(index, value);
    if (index < this.#options.learning) {
      return { score: 0, evidence: 0, reason: this.#plain('learning', value, expected) };
    }
    return this.#judge(
      epochMs,
      Math.sqrt(squares / CHANNELS),
      strongest,
      strongestChannel,
      index,
      value,
      expected,
      level,
      stuck,
    );
  }

  snapshot(): Uint8Array {
    const head = new Float64Array([MAGIC, LAYOUT, ...OPTION_KEYS.map((key) => this.#options[key])]);
    const bytes = new Uint8Array(head.byteLength + this.#doubles.byteLength + this.#floats.byteLength);
    bytes.set(new Uint8Array(head.buffer), 0);
    bytes.set(new Uint8Array(this.#doubles.buffer), head.byteLength);
    bytes.set(new Uint8Array(this.#floats.buffer), head.byteLength + this.#doubles.byteLength);
    return bytes;
  }

  /**
   * Signed departure of the latest `span` values: kind 0 from what is usual now, 1 the same in units of the square
   * root of its size, 2 from the level of the whole past, 3 from the span before.
   */
  #departure(kind: number, span: number, index: number): number {
    if (kind === CHANGE)
      return meanOf(this.#values, index, span, 0) - meanOf(this.#values, index, span, span);
    return meanOf(kind === 0 ? this.#usual : kind === 1 ? this.#scaled : this.#level, index, span, 0);
  }

  #stuck(index: number, value: number): boolean {
    const state = this.#scalars;
    const same = index > 0 && value === state[PREVIOUS];
    if (!same) state[MOVES] += 1;
    state[PREVIOUS] = value;
    return this.#flat.step(same) && state[MOVES] > 100;
  }

  #missed(): AnomalyResult {
    const alarm = this.#missing.step(true);
    const points = this.#missing.length;
    const reason: AnomalyReason = {
      code: 'missing',
      observed: Number.NaN,
      expected: this.#scalars[LEVEL],
      points,
      probability: 0,
    };
    return { score: alarm ? 0.75 : 0.25, evidence: 0, reason };
  }

  #judge(
    epochMs: number,
    evidence: number,
    strongest: number,
    channel: number,
    index: number,
    value: number,
    expected: number,
    level: number,
    stuck: boolean,
  ): AnomalyResult {
    const { bar, rest, restMs, escalation, habituation, alarmMemory } = this.#options;
    const state = this.#scalars;
    state[ALARMS] *= Math.exp(-1 / alarmMemory);
    const excess = evidence - habituation * Math.log10(1 + state[ALARMS]) - bar;
    const resting =
      state[ALARMS] > 0 &&
      index - state[LAST_ALARM] < rest &&
      Math.abs(epochMs - state[LAST_ALARM_MS]) < restMs;
    const alarm = excess >= 0 && (!resting || excess >= state[LAST_EXCESS] + escalation);
    if (alarm) {
      state[LAST_ALARM] = index;
      state[LAST_ALARM_MS] = epochMs;
      state[LAST_EXCESS] = excess;
      state[ALARMS] += 1;
      return {
        score: 1 - 0.5 * Math.exp(-excess),
        evidence,
        reason: this.#explain(channel, index, strongest),
      };
    }
    if (stuck) {
      const points = this.#flat.length + 1;
      return {
        score: 0.6,
        evidence,
        reason: { code: 'flat-line', observed: value, expected: level, points, probability: 0 },
      };
    }
    const score = 0.5 * (1 - 2 ** -Math.max(0, (2 * (excess + bar)) / bar));
    const reason =
      evidence > bar / 2 ? this.#explain(channel, index, strongest) : this.#plain('normal', value, expected);
    return { score, evidence, reason };
  }

  #plain(code: AnomalyCode, observed: number, expected: number): AnomalyReason {
    return { code, observed, expected, points: 1, probability: 1 };
  }

  #explain(channel: number, index: number, rarity: number): AnomalyReason {
    // A scaled departure is told in the unit of the series.
    const found = Math.floor(channel / PER_KIND);
    const kind = found === 1 ? 0 : found;
    const points = (kind === CHANGE ? CHANGE_SPANS : SPANS)[channel % PER_KIND];
    const departure = this.#departure(kind, points, index);
    const observed = meanOf(this.#values, index, points, 0);
    const up = departure > 0;
    const timed = kind === 0 && this.#profile.basis !== 'level';
    const code: AnomalyCode = timed
      ? up
        ? 'high-for-time'
        : 'low-for-time'
      : points === 1
        ? up
          ? 'spike'
          : 'drop'
        : up
          ? 'level-up'
          : 'level-down';
    return { code, observed, expected: observed - departure, points, probability: 10 ** -rarity };
  }
}

/** A detector that has seen nothing. */
export function createDetector(options: Partial<DetectorOptions> = {}): Detector {
  return new SeriesDetector(checked(options), new Float64Array(DOUBLES), new Float32Array(FLOATS));
}

/**
 * The detector a snapshot was taken from, with its options.
 * @throws AnomalyInputError when the bytes are not a snapshot of this layout.
 */
export function restoreDetector(snapshot: Uint8Array): Detector {
  const head = 8 * (2 + OPTION_KEYS.length);
  if (snapshot.byteLength !== head + 8 * DOUBLES + 4 * FLOATS) {
    throw new AnomalyInputError(
      `a detector snapshot has ${head + 8 * DOUBLES + 4 * FLOATS} bytes, not ${snapshot.byteLength}`,
    );
  }
  // Copied, so that neither alignment nor later changes of the caller's bytes matter.
  const bytes = snapshot.slice();
  const header = new Float64Array(bytes.buffer.slice(0, head));
  if (header[0] !== MAGIC || header[1] !== LAYOUT) {
    throw new AnomalyInputError('not a detector snapshot of this layout; start a new detector');
  }
  const options = Object.fromEntries(OPTION_KEYS.map((key, place) => [key, header[2 + place]]));
  return new SeriesDetector(
    checked(options),
    new Float64Array(bytes.buffer.slice(head, head + 8 * DOUBLES)),
    new Float32Array(bytes.buffer.slice(head + 8 * DOUBLES)),
  );
}

/** Bytes of numeric state of one detector (a running one adds a little for its objects). */
export const detectorStateBytes = 8 * DOUBLES + 4 * FLOATS;
