// Readings of turnstiles, doors and ticket checks as persons: each device's counters, whatever they do, with every correction
// on record. What of it counts for the site is for the ledger to say.
import {
  type Correction,
  type CounterState,
  CumulativeCounter,
  type FlowBound,
  flowBound,
  mostIn,
} from './counter.ts';
import { OccupancyError } from './errors.ts';

export interface Device {
  readonly id: string;
  /** Turnstile lanes side by side, or else the width of an open line, m. One of them bounds the flow. */
  readonly lanes?: number;
  readonly widthM?: number;
}

/** Persons a device says have passed, as obs.counts carries it. */
export interface Reading {
  readonly epochMs: number;
  readonly at: string;
  readonly mode: 'delta' | 'cumulative';
  readonly in: number;
  readonly out: number;
  /** Start of the interval of a delta, ms. */
  readonly sinceMs?: number | undefined;
}

export interface DeviceCorrection extends Omit<Correction, 'reason'> {
  readonly direction: 'in' | 'out' | 'both';
  readonly reason: Correction['reason'];
}

export interface DeviceTotals {
  readonly in: number;
  readonly out: number;
  readonly corrections: number;
  readonly lastMs: number;
}

/** What a reading adds: persons that passed in [sinceMs, epochMs]. */
export interface Counted {
  readonly sinceMs: number;
  readonly in: number;
  readonly out: number;
  readonly corrections: readonly DeviceCorrection[];
}

interface DeviceState {
  in: number;
  out: number;
  corrections: number;
  lastMs: number;
  /** Instants of the last deltas: the same instant again is the same message. */
  instants: number[];
  readonly counters: { readonly in: CumulativeCounter; readonly out: CumulativeCounter };
  readonly bound: FlowBound;
}

/** Deltas of one device whose instants are remembered. */
const INSTANTS_KEPT = 128;
/** The interval a delta is believed to cover where it does not say, ms. */
const DELTA_MS = 60_000;
const VERSION = 1;

export class GateCounters {
  readonly #devices = new Map<string, DeviceState>();

  /** @throws OccupancyError for devices without a bound, or two of one name */
  constructor(devices: readonly Device[]) {
    for (const device of devices) {
      if (this.#devices.has(device.id)) throw new OccupancyError(`device ${device.id} is named twice`);
      const bound = flowBound(device);
      this.#devices.set(device.id, {
        in: 0,
        out: 0,
        corrections: 0,
        lastMs: Number.NaN,
        instants: [],
        counters: { in: new CumulativeCounter(bound), out: new CumulativeCounter(bound) },
        bound,
      });
    }
  }

  has(id: string): boolean {
    return this.#devices.has(id);
  }

  /** @throws OccupancyError for an unknown device */
  totals(id: string): DeviceTotals {
    const { in: entered, out, corrections, lastMs } = this.#device(id);
    return { in: entered, out, corrections, lastMs };
  }

  /**
   * Takes a reading; what it adds is never negative and never more than can have passed.
   * @throws OccupancyError for an unknown device or counts that are no whole numbers >= 0
   */
  take(reading: Reading): Counted {
    const device = this.#device(reading.at);
    if (![reading.in, reading.out].every((n) => Number.isSafeInteger(n) && n >= 0))
      throw new OccupancyError(
        `${reading.at} counted ${reading.in} in, ${reading.out} out; counts are whole and >= 0`,
      );
    const corrections: DeviceCorrection[] = [];
    const { epochMs } = reading;
    let entered = 0;
    let left = 0;
    let sinceMs = reading.sinceMs ?? Math.max(0, epochMs - DELTA_MS);
    if (reading.mode === 'cumulative') {
      sinceMs = Number.isNaN(device.lastMs) ? epochMs : Math.min(epochMs, device.lastMs);
      for (const direction of ['in', 'out'] as const) {
        const counted = device.counters[direction].read(epochMs, reading[direction], (correction) =>
          corrections.push({ ...correction, direction }),
        );
        if (direction === 'in') entered = counted;
        else left = counted;
      }
    } else {
      [entered, left] = this.#delta(device, reading, corrections);
    }
    return this.#enter(device, epochMs, { sinceMs, in: entered, out: left, corrections });
  }

  /**
   * Persons known one by one, such as tickets: each is counted, without a bound.
   * @throws OccupancyError for an unknown device
   */
  add(at: string, epochMs: number, persons: { readonly in: number; readonly out: number }): Counted {
    return this.#enter(this.#device(at), epochMs, { sinceMs: epochMs, ...persons, corrections: [] });
  }

  #enter(device: DeviceState, epochMs: number, counted: Counted): Counted {
    device.in += counted.in;
    device.out += counted.out;
    device.corrections += counted.corrections.length;
    if (!(epochMs <= device.lastMs)) device.lastMs = epochMs;
    return counted;
  }

  #delta(device: DeviceState, reading: Reading, corrections: DeviceCorrection[]): [number, number] {
    const { epochMs, sinceMs } = reading;
    const correct = (
      direction: 'in' | 'out' | 'both',
      reason: Correction['reason'],
      raw: number,
      counted: number,
    ): void => {
      corrections.push({ epochMs, direction, reason, before: 0, after: raw, raw, counted });
    };
    if (device.instants.includes(epochMs)) {
      correct('both', 'conflict', reading.in + reading.out, 0);
      return [0, 0];
    }
    device.instants.push(epochMs);
    if (device.instants.length > INSTANTS_KEPT) device.instants.shift();
    const elapsed = sinceMs === undefined ? DELTA_MS : epochMs - sinceMs;
    const most = mostIn(device.bound, elapsed);
    return (['in', 'out'] as const).map((direction) => {
      const counted = Math.min(reading[direction], most);
      if (counted < reading[direction]) correct(direction, 'over-bound', reading[direction], counted);
      return counted;
    }) as [number, number];
  }

  #device(id: string): DeviceState {
    const device = this.#devices.get(id);
    if (device === undefined)
      throw new OccupancyError(
        `there is no counting device "${id}"; add it to the venue, or correct the sender`,
      );
    return device;
  }

  /** Everything `take` depends on, as JSON. */
  snapshot(): string {
    const devices = [...this.#devices].map(([id, d]) => ({
      id,
      in: d.in,
      out: d.out,
      corrections: d.corrections,
      lastMs: Number.isNaN(d.lastMs) ? null : d.lastMs,
      instants: d.instants,
      counters: [written(d.counters.in.state), written(d.counters.out.state)],
    }));
    return JSON.stringify({ version: VERSION, devices });
  }

  /** @throws OccupancyError for a snapshot of another version or of other devices */
  restore(snapshot: string): void {
    const s = JSON.parse(snapshot) as CountersSnapshot;
    const same = s.version === VERSION && s.devices.every(({ id }) => this.#devices.has(id));
    if (!same || s.devices.length !== this.#devices.size)
      throw new OccupancyError('the snapshot is of another version or of other devices; start without it');
    for (const { id, counters, lastMs, ...totals } of s.devices) {
      const device = this.#device(id);
      Object.assign(device, totals, { lastMs: lastMs ?? Number.NaN });
      device.counters.in.state = read(counters[0]);
      device.counters.out.state = read(counters[1]);
    }
  }
}

/** Always the same fields in the same order, so that equal states are equal text. */
type WrittenCounter = readonly [
  NonNullable<CounterState['level']> | null,
  NonNullable<CounterState['former']> | null,
  1 | -1,
  number,
];

function written({ level, former, direction, against }: CounterState): WrittenCounter {
  return [
    level === undefined ? null : { value: level.value, epochMs: level.epochMs },
    former === undefined ? null : { value: former.value, epochMs: former.epochMs, since: former.since },
    direction,
    against,
  ];
}

function read([level, former, direction, against]: WrittenCounter): CounterState {
  return { level: level ?? undefined, former: former ?? undefined, direction, against };
}

interface CountersSnapshot {
  readonly version: number;
  readonly devices: readonly {
    readonly id: string;
    readonly in: number;
    readonly out: number;
    readonly corrections: number;
    readonly lastMs: number | null;
    readonly instants: number[];
    readonly counters: readonly [WrittenCounter, WrittenCounter];
  }[];
}
