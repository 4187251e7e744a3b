// Messages as input: of gates, doors and fences for `gates`; of counters, exits and camera lines for the ledger.
import type { RawMessage } from '#streams/consume.ts';
import { StreamsError } from '#streams/errors.ts';
import type { AccessEvent, CountsEvent, FenceEvent } from '#streams/schema/events.ts';
import type { CounterWindow, ExitsWindow } from '#streams/schema/occupancy.ts';
import {
  accessKind,
  counterKind,
  countsKind,
  exitsKind,
  fenceKind,
  flowKind,
  fusedFlowKind,
} from '#streams/schema/registry.ts';
import type { FlowWindow } from '#streams/schema/window.ts';
import { parseObservationSubject } from '#streams/subjects.ts';

export type GatesInput =
  | { readonly kind: 'counts'; readonly event: CountsEvent }
  | { readonly kind: 'access'; readonly event: AccessEvent }
  | { readonly kind: 'fence'; readonly event: FenceEvent };

/** What the ledger takes. Lines come as tumbling windows: consecutive ones share no instant. */
export type OccupancyInput = CounterWindow | ExitsWindow | FlowWindow;

/**
 * @param counts tells whether a device of that name counts persons
 * @throws StreamsError `payload-malformed` for what is not of its schema, `source-unknown` for counts of an unknown device
 */
export function decodeGates({ subject, data }: RawMessage, counts: (device: string) => boolean): GatesInput {
  const { kind } = parseObservationSubject(subject);
  if (kind === 'access') return { kind, event: accessKind.codec.decode(data) };
  if (kind === 'fence') return { kind, event: fenceKind.codec.decode(data) };
  if (kind !== 'counts') {
    throw new StreamsError('subject-invalid', `"${subject}" is no gate, door or fence`, 'correct the filter');
  }
  const event = countsKind.codec.decode(data);
  if (counts(event.at)) return { kind, event };
  throw new StreamsError(
    'source-unknown',
    `the venue has no gate, exit or door "${event.at}"`,
    'add it to the venue, or correct the name the device sends',
  );
}

/**
 * @param has tells whether the venue has that passage, and whether a line lies over it
 * @throws StreamsError `payload-malformed` for what is not of its schema and for windows that overlap, whose crossings would
 * be counted more than once; `source-unknown` for a passage that the venue does not have
 */
export function decodeOccupancy(
  { subject, data }: RawMessage,
  has: (passage: string, line: boolean) => boolean,
): OccupancyInput {
  if (subject.startsWith('win.exits.')) return exitsKind.codec.decode(data);
  const isLine = !subject.startsWith('win.counter.');
  const window = isLine ? lineWindow(subject, data) : counterKind.codec.decode(data);
  if (isLine && window.hopMs !== window.end - window.start)
    throw new StreamsError(
      'payload-malformed',
      `${subject}: windows of ${window.end - window.start} ms every ${window.hopMs} ms overlap`,
      'give the ledger tumbling windows, win.flow-now or win.flow-fused-now',
    );
  if (has(window.key, isLine)) return window;
  throw new StreamsError(
    'source-unknown',
    `the venue has no gate, exit or door "${window.key}"${isLine ? ' with a line' : ''}`,
    'store the venue that the results are of',
  );
}

/** Whoever counted it: by the settings the ledger reads one of the two. */
function lineWindow(subject: string, data: Uint8Array): FlowWindow {
  if (!subject.startsWith('win.flow-fused')) return flowKind.codec.decode(data);
  return { ...fusedFlowKind.codec.decode(data), metric: 'flow' };
}
