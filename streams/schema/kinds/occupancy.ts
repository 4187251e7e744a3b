// Kinds: what counters counted and which exits are closed, persons on the site by its gates, how far both drift, and the
// stop-ticket order.
import {
  type CounterWindow,
  counterWindow,
  type DriftWindow,
  driftWindow,
  type ExitsWindow,
  exitsWindow,
  type GateWindow,
  gateWindow,
  type OccupancyWindow,
  occupancyWindow,
  type StopTicketEvent,
  stopTicketEvent,
} from '../occupancy.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, json, type MessageKind } from './kind.ts';

const SITE_HEAD = {
  org: 'sports-bureau',
  venue: 'stadium',
  key: 'site',
  level: 0,
  start: EXAMPLE_MS - 1_000,
  end: EXAMPLE_MS,
  hopMs: 1_000,
  revision: 3,
  completeness: null,
  silent: [],
};

const RESET = {
  epochMs: EXAMPLE_MS - 1,
  direction: 'in' as const,
  reason: 'reset',
  before: 123_460,
  after: 7,
  raw: -123_453,
  counted: 7,
};

export const occupancyKind: MessageKind<OccupancyWindow> = json(
  'win.occupancy',
  'win.occupancy.{org}.{venue}.{key}',
  'Persons on the site by its gates, and how many may be',
  occupancyWindow,
  {
    ...SITE_HEAD,
    metric: 'occupancy',
    present: 8_000,
    admitted: 8_412,
    left: 412,
    unexplained: 0,
    approved: 10_000,
    share: 0.8,
    safeCapacity: 8_416,
    limitedBy: 'exit',
    limits: { entry: 13_200, holding: 10_960, exit: 8_416, emergency: 8_416 },
    closedExits: ['exit-n'],
    discountedExit: 'exit-s',
    stopTicket: false,
    initial: 0,
    initialKnown: true,
    countedFromMs: EXAMPLE_MS - 7_200_000,
    blind: ['exit-e'],
    unseen: { ms: 90_000, in: 0, out: 12 },
    stopOn: 'admitted',
    compared: 8_412,
  },
  2,
);

export const counterKind: MessageKind<CounterWindow> = json(
  'win.counter',
  'win.counter.{org}.{venue}.{key}',
  'Persons that one message of a turnstile, door or ticket check counted',
  counterWindow,
  {
    ...SITE_HEAD,
    key: 'gate-a',
    metric: 'counter',
    epochMs: EXAMPLE_MS - 1,
    sinceMs: EXAMPLE_MS - 60_001,
    in: 7,
    out: 0,
    totalIn: 1_207,
    totalOut: 35,
    corrections: [RESET],
  },
);

export const exitsKind: MessageKind<ExitsWindow> = json(
  'win.exits',
  'win.exits.{org}.{venue}.{key}',
  'Exits that nobody can use',
  exitsWindow,
  { ...SITE_HEAD, metric: 'exits', epochMs: EXAMPLE_MS - 1, closed: ['exit-n'] },
);

export const gateKind: MessageKind<GateWindow> = json(
  'win.gate',
  'win.gate.{org}.{venue}.{key}',
  'One passage by its counter of record, its check and its corrections',
  gateWindow,
  {
    ...SITE_HEAD,
    key: 'gate-a',
    metric: 'gate',
    in: 7,
    out: 0,
    totalIn: 1_207,
    totalOut: 35,
    corrections: [RESET],
    counter: 'device',
    unseen: { ms: 0, in: 0, out: 0 },
    check: {
      counter: 'line',
      atMs: EXAMPLE_MS - 500,
      record: { in: 1_180, out: 35 },
      check: { in: 1_131, out: 34 },
      unseenMs: 0,
    },
  },
  2,
);

export const driftKind: MessageKind<DriftWindow> = json(
  'win.drift',
  'win.drift.{org}.{venue}.{key}',
  'Persons by gates minus persons by zone counts',
  driftWindow,
  {
    ...SITE_HEAD,
    metric: 'drift',
    gates: 8_000,
    zones: 7_860.5,
    residual: 139.5,
    perHour: 48.25,
    culprit: { device: 'gate-a', direction: 'in', share: 0.09, explained: 0.75, by: 'check' },
    checks: [{ device: 'gate-a', counter: 'device', in: 49, out: 1, passed: 1_215, suspect: 'record' }],
  },
  2,
);

export const stopTicketKind: MessageKind<StopTicketEvent> = json(
  'warn.stop-ticket',
  'warn.{org}.{venue}.stop-ticket',
  'The order to stop checking tickets, and its lifting',
  stopTicketEvent,
  {
    type: 'stop-ticket',
    state: 'stopped',
    org: 'sports-bureau',
    venue: 'stadium',
    epochMs: EXAMPLE_MS,
    present: 9_577,
    admitted: 9_988,
    approved: 10_000,
    stopOn: 'admitted',
    compared: 10_000,
    unseenIn: 12,
  },
  2,
);

/** The site by its gates. */
export const OCCUPANCY_KINDS: readonly AnyMessageKind[] = [
  erased(occupancyKind),
  erased(counterKind),
  erased(exitsKind),
  erased(gateKind),
  erased(driftKind),
  erased(stopTicketKind),
];
