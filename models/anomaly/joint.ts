// Scores over all zones of a venue together. Besides each zone alone, three things are watched as series of their own: the
// total, how it is spread over the zones against the usual spread, and how unusual the zones are at the same time. The
// usual spread and these three are learned per phase of the event, so that a full concourse is ordinary at half-time and
// not during play. A phase seen for the first time begins by learning.
import {
  AnomalyInputError,
  type AnomalyResult,
  createDetector,
  type Detector,
  type DetectorOptions,
  restoreDetector,
} from './detector.ts';
import type { EventPhase } from './programme.ts';

/** What is unusual about the venue as a whole. */
export type JointCode = 'normal' | 'total' | 'spread' | 'together';

export interface JointResult {
  /** In [0,1], at least 0.5 is an alarm: the highest of total, spread and together. */
  readonly score: number;
  readonly code: JointCode;
  /** The detector's result behind the score. */
  readonly cause: AnomalyResult;
  /** Zones by how much their share of the total departs from the usual, largest first; index and signed share. */
  readonly departures: readonly { readonly zone: number; readonly share: number }[];
  /** Each zone alone, in the order given. */
  readonly zones: readonly AnomalyResult[];
}

/** Joint detector of one venue; zones are known by their place. */
export interface JointDetector {
  /**
   * Scores the values of all zones at one moment: counts or any other amounts >= 0; NaN where a zone is unknown.
   * @throws AnomalyInputError when the number of zones differs or an amount is negative.
   */
  update(epochMs: number, values: ArrayLike<number>, phase?: EventPhase): JointResult;
  /** All state, for `restoreJointDetector`. */
  snapshot(): JointSnapshot;
}

/** State of a joint detector as plain data; the bytes are snapshots of its detectors. */
export interface JointSnapshot {
  readonly layout: 1;
  readonly options: Partial<DetectorOptions>;
  readonly zones: readonly Uint8Array[];
  readonly phases: readonly {
    readonly phase: EventPhase;
    readonly seen: number;
    readonly usualShare: readonly number[];
    readonly total: Uint8Array;
    readonly spread: Uint8Array;
    readonly together: Uint8Array;
  }[];
}

interface Phase {
  seen: number;
  readonly usualShare: Float64Array;
  readonly total: Detector;
  readonly spread: Detector;
  readonly together: Detector;
}

/** Floor of the weight of a new moment in the usual spread. */
const SHARE_WEIGHT = 0.01;
const REPORTED = 3;

class VenueDetector implements JointDetector {
  readonly #zones: Detector[];
  readonly #phases: Map<EventPhase, Phase>;
  readonly #options: Partial<DetectorOptions>;

  constructor(zones: Detector[], phases: Map<EventPhase, Phase>, options: Partial<DetectorOptions>) {
    this.#zones = zones;
    this.#phases = phases;
    this.#options = options;
  }

  snapshot(): JointSnapshot {
    return {
      layout: 1,
      options: { ...this.#options },
      zones: this.#zones.map((zone) => zone.snapshot()),
      phases: [...this.#phases].map(([phase, state]) => ({
        phase,
        seen: state.seen,
        usualShare: [...state.usualShare],
        total: state.total.snapshot(),
        spread: state.spread.snapshot(),
        together: state.together.snapshot(),
      })),
    };
  }

  update(epochMs: number, values: ArrayLike<number>, phase: EventPhase = 'none'): JointResult {
    const count = this.#zones.length;
    if (values.length !== count) {
      throw new AnomalyInputError(
        `${values.length} values for ${count} zones; give NaN for a zone that is unknown`,
      );
    }
    let total = 0;
    let known = 0;
    for (let zone = 0; zone < count; zone += 1) {
      if (Number.isNaN(values[zone])) continue;
      if (values[zone] < 0)
        throw new AnomalyInputError(`zone ${zone} has a negative amount: ${values[zone]}`);
      total += values[zone];
      known += 1;
    }
    const zones = this.#zones.map((detector, zone) => detector.update(epochMs, values[zone]));
    const state = this.#phase(phase);
    const departures = this.#spread(state, values, total, known === count);
    const distance = departures.reduce((sum, { share }) => sum + Math.abs(share), 0) / 2;
    const evidence = zones.reduce((sum, result) => sum + result.evidence, 0) / count;
    // A total over fewer zones than usual would look like an emptying: it is missing, not low.
    const complete = known === count;
    const results: [JointCode, AnomalyResult][] = [
      ['total', state.total.update(epochMs, complete ? total : Number.NaN)],
      ['spread', state.spread.update(epochMs, complete && total > 0 ? distance : Number.NaN)],
      ['together', state.together.update(epochMs, evidence)],
    ];
    const [code, cause] = results.reduce((best, next) => (next[1].score > best[1].score ? next : best));
    return {
      score: cause.score,
      code: cause.score >= 0.5 ? code : 'normal',
      cause,
      departures: departures.sort((a, b) => Math.abs(b.share) - Math.abs(a.share)).slice(0, REPORTED),
      zones,
    };
  }

  #phase(phase: EventPhase): Phase {
    let state = this.#phases.get(phase);
    if (!state) {
      state = {
        seen: 0,
        usualShare: new Float64Array(this.#zones.length),
        total: createDetector(this.#options),
        spread: createDetector(this.#options),
        together: createDetector(this.#options),
      };
      this.#phases.set(phase, state);
    }
    return state;
  }

  /** Signed differences of the zones' shares from the usual ones, which then learn from complete moments. */
  #spread(state: Phase, values: ArrayLike<number>, total: number, complete: boolean) {
    const departures: { zone: number; share: number }[] = [];
    if (!complete || total === 0) return departures;
    const weight = Math.max(SHARE_WEIGHT, 1 / (state.seen + 1));
    for (let zone = 0; zone < values.length; zone += 1) {
      const departure = values[zone] / total - state.usualShare[zone];
      if (state.seen > 0) departures.push({ zone, share: departure });
      state.usualShare[zone] += weight * departure;
    }
    state.seen += 1;
    return departures;
  }
}

/**
 * A joint detector for a venue of `zones` zones (at least 2) that has seen nothing.
 * @throws AnomalyInputError when `zones` is not a whole number >= 2.
 */
export function createJointDetector(zones: number, options: Partial<DetectorOptions> = {}): JointDetector {
  if (!Number.isInteger(zones) || zones < 2) {
    throw new AnomalyInputError(`a venue needs at least 2 zones to be scored together, not ${zones}`);
  }
  const detectors = Array.from({ length: zones }, () => createDetector(options));
  return new VenueDetector(detectors, new Map(), { ...options });
}

/**
 * The joint detector a snapshot was taken from; it continues exactly as that one would.
 * @throws AnomalyInputError when the snapshot is of another layout or its parts do not fit together.
 */
export function restoreJointDetector(snapshot: JointSnapshot): JointDetector {
  if (snapshot.layout !== 1 || snapshot.phases.some((p) => p.usualShare.length !== snapshot.zones.length)) {
    throw new AnomalyInputError('not a joint detector snapshot of this layout; start a new joint detector');
  }
  const phases = snapshot.phases.map(({ phase, seen, usualShare, ...parts }): [EventPhase, Phase] => [
    phase,
    {
      seen,
      usualShare: Float64Array.from(usualShare),
      total: restoreDetector(parts.total),
      spread: restoreDetector(parts.spread),
      together: restoreDetector(parts.together),
    },
  ]);
  return new VenueDetector(snapshot.zones.map(restoreDetector), new Map(phases), { ...snapshot.options });
}
