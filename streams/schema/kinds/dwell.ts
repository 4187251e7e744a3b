// Kinds: how long people stay in a zone.
import { type DwellWindow, dwellWindow } from '../dwell.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, json, type MessageKind } from './kind.ts';

export const dwellKind: MessageKind<DwellWindow> = json(
  'win.dwell',
  'win.dwell{window}.{org}.{venue}.{key}',
  'Stays and loitering in a zone over a sliding window',
  dwellWindow,
  {
    metric: 'dwell',
    org: 'sports-bureau',
    venue: 'stadium',
    key: 'concourse-3',
    level: 0,
    start: EXAMPLE_MS - 900_000,
    end: EXAMPLE_MS,
    hopMs: 1_000,
    revision: 0,
    completeness: 0.75,
    silent: ['camera-7'],
    present: { now: 41, mean: 38.5, max: 52 },
    stay: { mean: 74.25, longest: 412.5 },
    loitering: { afterS: 300, now: 2, max: 3 },
    ended: { count: 310, vanished: 12, mean: 48.125, median: 36.5, p95: 151.75, longest: 398 },
  },
);

export const DWELL_KINDS: readonly AnyMessageKind[] = [erased(dwellKind)];
