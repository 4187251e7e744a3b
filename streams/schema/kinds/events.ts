// Kinds: what gates, doors, fences, safety records and the sources themselves report.
import { accessEvent, businessEvent, countsEvent, fenceEvent, healthEvent } from '../events.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, json, SOURCE } from './kind.ts';

export const countsKind = json(
  'obs.counts',
  `obs.counts.${SOURCE}`,
  'Persons counted at a gate or line',
  countsEvent,
  {
    epochMs: EXAMPLE_MS,
    at: 'gate-a',
    mode: 'delta',
    in: 12,
    out: 3,
    sinceMs: EXAMPLE_MS - 60_000,
  },
);

export const accessKind = json(
  'obs.access',
  `obs.access.${SOURCE}`,
  'A door was used or changed its state',
  accessEvent,
  {
    epochMs: EXAMPLE_MS,
    door: 'door-12',
    action: 'denied',
    direction: 'in',
    reason: 'outside the permitted hours',
  },
);

export const fenceKind = json('obs.fence', `obs.fence.${SOURCE}`, 'An electronic fence', fenceEvent, {
  epochMs: EXAMPLE_MS,
  fence: 'east-perimeter',
  state: 'breached',
  positionM: 84.5,
});

export const businessKind = json(
  'obs.business',
  `obs.business.${SOURCE}`,
  'A safety business record',
  businessEvent,
  {
    epochMs: EXAMPLE_MS,
    record: 'inspection-2026-113',
    type: 'inspection',
    status: 'open',
    title: 'Emergency lighting, north stand',
    dueMs: EXAMPLE_MS + 86_400_000,
  },
);

export const healthKind = json('obs.health', `obs.health.${SOURCE}`, 'A source about itself', healthEvent, {
  epochMs: EXAMPLE_MS,
  component: 'camera-7',
  state: 'degraded',
  reason: 'half the frames are missing',
  framesPerSecond: 5,
});

/** Observed events. */
export const EVENT_KINDS: readonly AnyMessageKind[] = [
  erased(countsKind),
  erased(accessKind),
  erased(fenceKind),
  erased(businessKind),
  erased(healthKind),
];
