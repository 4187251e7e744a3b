// Gates against zone counts: what the gates say is on the site minus what cameras count there. The residual of correct
// sensors is a constant; where it drifts, the device whose flow goes along with the drift is the likely culprit.

/** One instant: persons by gates, persons by zone counts, and what each device has let pass so far. */
export interface Balance {
  readonly epochMs: number;
  readonly gates: number;
  readonly zones: number;
  /** Persons that have passed each device so far, in and out; by device. */
  readonly entered: readonly number[];
  readonly left: readonly number[];
}

export interface Drift {
  /** Gates minus zones, persons, now. */
  readonly residual: number;
  /** Change of the residual over the window, persons per hour. */
  readonly perHour: number;
  /** The device that explains the change best, when it explains at least half of its variance. */
  readonly culprit: {
    readonly device: number;
    readonly direction: 'in' | 'out';
    /** Persons the residual changes by for each one counted: +0.05 on `in` is 5 % too many counted. */
    readonly share: number;
    /** Share of the variance of the changes that it explains, 0..1. */
    readonly explained: number;
  } | null;
}

const LEAST_EXPLAINED = 0.5;
/** Steps needed before anything is said of a culprit. */
const LEAST_STEPS = 6;

/** Balances at regular steps over a window. Bounded: the oldest goes when `steps` are exceeded. */
export class Reconciliation {
  balances: Balance[] = [];
  readonly #steps: number;

  constructor(steps = 120) {
    this.#steps = steps;
  }

  /**
   * Adds a balance and says what drifts. Changes of the residual between steps are regressed on the flow of each device and
   * direction, one at a time (least squares through the mean); the largest coefficient of determination wins.
   */
  add(balance: Balance): Drift {
    this.balances.push(balance);
    if (this.balances.length > this.#steps) this.balances.shift();
    const list = this.balances;
    const first = list[0]!;
    const residualOf = ({ gates, zones }: Balance): number => gates - zones;
    const residual = residualOf(balance);
    const hours = (balance.epochMs - first.epochMs) / 3_600_000;
    const perHour = hours > 0 ? (residual - residualOf(first)) / hours : 0;
    return { residual, perHour, culprit: this.#culprit(list.map(residualOf)) };
  }

  #culprit(residuals: readonly number[]): Drift['culprit'] {
    const changes = differences(residuals);
    if (changes.length < LEAST_STEPS) return null;
    let best: Drift['culprit'] = null;
    const devices = this.balances[0]!.entered.length;
    for (let device = 0; device < devices; device++) {
      for (const direction of ['in', 'out'] as const) {
        const flow = differences(
          this.balances.map((b) => (direction === 'in' ? b.entered : b.left)[device]!),
        );
        const { slope, explained } = regress(flow, changes);
        if (explained >= LEAST_EXPLAINED && (best === null || explained > best.explained))
          best = { device, direction, share: slope, explained };
      }
    }
    return best;
  }
}

function differences(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => value - values[i]!);
}

function regress(x: readonly number[], y: readonly number[]): { slope: number; explained: number } {
  const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xx += (x[i]! - mx) ** 2;
    xy += (x[i]! - mx) * (y[i]! - my);
    yy += (y[i]! - my) ** 2;
  }
  return xx > 0 && yy > 0 ? { slope: xy / xx, explained: (xy * xy) / (xx * yy) } : { slope: 0, explained: 0 };
}
