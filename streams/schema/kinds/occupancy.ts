// Kinds: persons on the site by its gates, what the gates counted, how far both drift, and the stop-ticket order.
import {
  type DriftWindow,
  driftWindow,
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
  },
);

export const gateKind: MessageKind<GateWindow> = json(
  'win.gate',
  'win.gate.{org}.{venue}.{key}',
  'One counting device after one message, with its corrections',
  gateWindow,
  {
    ...SITE_HEAD,
    key: 'gate-a',
    metric: 'gate',
    in: 7,
    out: 0,
    totalIn: 1_207,
    totalOut: 35,
    corrections: [
      {
        epochMs: EXAMPLE_MS - 1,
        direction: 'in',
        reason: 'reset',
        before: 123_460,
        after: 7,
        raw: -123_453,
        counted: 7,
      },
    ],
  },
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
    culprit: { device: 'gate-a', direction: 'in', share: 0.09, explained: 0.75 },
  },
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
    present: 10_000,
    admitted: 10_412,
    approved: 10_000,
  },
);

/** The site by its gates. */
export const OCCUPANCY_KINDS: readonly AnyMessageKind[] = [
  erased(occupancyKind),
  erased(gateKind),
  erased(driftKind),
  erased(stopTicketKind),
];
