// Gates against zone counts: what the gates say is on the site minus what cameras count there. The residual of correct
// sensors is a constant; where it drifts, the device whose flow goes along with the drift is the likely culprit. Where a
// passage has two counters, the zones are the third voice: they say which of the two is wrong.

/** One instant: persons by gates, persons by zone counts, and what each device has let pass so far. */
export interface Balance {
  readonly epochMs: number;
  readonly gates: number;
  readonly zones: number;
  /** Persons that have passed each device so far, in and out; by device. */
  readonly entered: readonly number[];
  readonly left: readonly number[];
  /** By device: what the counter of record has counted more than its check so far; null where there is no check. */
  readonly excess?: readonly ({ readonly in: number; readonly out: number } | null)[];
}

/** A passage with two counters, over the window. */
export interface Check {
  readonly device: number;
  /** What the counter of record counted more than the other. */
  readonly in: number;
  readonly out: number;
  /** Persons the counter of record counted, both ways: what the excess is a part of. */
  readonly passed: number;
  /** Which of the two the zone counts contradict; null while they agree, or the zones do not decide. */
  readonly suspect: 'record' | 'check' | null;
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
    /** What gave it away: its flow, or that it departs from the other counter of its passage. */
    readonly by: 'flow' | 'check';
  } | null;
  /** One for each passage with two counters that both were known over the whole window. */
  readonly checks: readonly Check[];
}

const LEAST_EXPLAINED = 0.5;
/** Steps needed before anything is said of a culprit. */
const LEAST_STEPS = 6;
/** Two counters agree while they differ by no more than these: persons, and share of those who passed. */
const AGREE_PERSONS = 5;
const AGREE_SHARE = 0.02;
/** The residual with the better counter must stray this many times less, in squares. */
const BETTER = 2;

/** Balances at regular steps over a window. Bounded: the oldest goes when `steps` are exceeded. */
export class Reconciliation {
  balances: Balance[] = [];
  readonly #steps: number;

  constructor(steps = 120) {
    this.#steps = steps;
  }

  /**
   * Adds a balance and says what drifts. Changes of the residual between steps are regressed on the flow of each device and
   * direction, and on the excess of each over its check, one at a time (least squares through the mean); the largest
   * coefficient of determination wins.
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
    const changes = differences(list.map(residualOf));
    const checks = balance.entered.flatMap((_, device) => this.#check(device, list.map(residualOf)) ?? []);
    return { residual, perHour, culprit: this.#culprit(changes, checks), checks };
  }

  #culprit(changes: readonly number[], checks: readonly Check[]): Drift['culprit'] {
    if (changes.length < LEAST_STEPS) return null;
    let best: Drift['culprit'] = null;
    const devices = this.balances[0]!.entered.length;
    for (let device = 0; device < devices; device++) {
      for (const direction of ['in', 'out'] as const) {
        const flow = differences(this.balances.map((b) => counted(b, device, direction)));
        const { slope, explained } = regress(flow, changes);
        if (explained >= LEAST_EXPLAINED && (best === null || explained > best.explained))
          best = { device, direction, share: slope, explained, by: 'flow' };
      }
    }
    for (const check of checks) {
      if (check.suspect !== 'record') continue;
      const net = this.#excess(check.device);
      const { explained } = regress(differences(net), changes.slice(1 - net.length));
      if (explained < LEAST_EXPLAINED || (best !== null && explained <= best.explained)) continue;
      const direction = Math.abs(check.in) >= Math.abs(check.out) ? 'in' : 'out';
      const flow = this.#over(net.length, (b) => counted(b, check.device, direction));
      const sign = direction === 'in' ? 1 : -1;
      best = {
        device: check.device,
        direction,
        share: flow > 0 ? (sign * check[direction]) / flow : sign * Math.sign(check[direction]),
        explained,
        by: 'check',
      };
    }
    return best;
  }

  /** The change of a figure over the last so many balances. */
  #over(balances: number, figure: (balance: Balance) => number): number {
    return figure(this.balances.at(-1)!) - figure(this.balances.at(-balances)!);
  }

  /** Net excess of a device over its check in the last balances that know it without a break. */
  #excess(device: number): number[] {
    const net: number[] = [];
    for (let k = this.balances.length - 1; k >= 0; k--) {
      const one = this.balances[k]!.excess?.[device];
      if (one === undefined || one === null) break;
      net.unshift(one.in - one.out);
    }
    return net;
  }

  #check(device: number, residuals: readonly number[]): Check | undefined {
    const net = this.#excess(device);
    if (net.length < 2) return undefined;
    const of = (direction: 'in' | 'out') =>
      this.#over(net.length, (b) => b.excess?.[device]?.[direction] ?? Number.NaN);
    const passed = this.#over(net.length, (b) => counted(b, device, 'in') + counted(b, device, 'out'));
    const check = { device, in: of('in'), out: of('out'), passed };
    const most = Math.max(Math.abs(check.in), Math.abs(check.out));
    if (net.length <= LEAST_STEPS || most <= Math.max(AGREE_PERSONS, AGREE_SHARE * passed))
      return { ...check, suspect: null };
    // How far the residual strays, and how far it would with the other counter in its place. Not from step to step: a counter that
    // is read once in a while makes steps of its own.
    const strays = residuals.slice(-net.length);
    const withRecord = scatter(strays);
    const withCheck = scatter(strays.map((residual, i) => residual - net[i]!));
    const suspect =
      BETTER * withCheck < withRecord ? 'record' : BETTER * withRecord < withCheck ? 'check' : null;
    return { ...check, suspect };
  }
}

function counted({ entered, left }: Balance, device: number, direction: 'in' | 'out'): number {
  return (direction === 'in' ? entered : left)[device]!;
}

function differences(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => value - values[i]!);
}

/** Sum of squares about the mean. */
function scatter(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
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
