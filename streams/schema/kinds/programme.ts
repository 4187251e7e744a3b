// Kind: when which phase of which event holds at a venue.
import { type ProgrammeMessage, programmeMessage } from '../programme.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, json, type MessageKind } from './kind.ts';

const MINUTE_MS = 60_000;

export const programmeKind: MessageKind<ProgrammeMessage> = json(
  'win.programme',
  'win.programme.{org}.{venue}.{key}',
  'Events of a venue with their phases',
  programmeMessage,
  {
    metric: 'programme',
    org: 'sports-bureau',
    venue: 'stadium',
    key: 'venue',
    epochMs: EXAMPLE_MS,
    events: [
      {
        event: 'cup-final',
        title: 'Cup final',
        phases: [
          { phase: 'ingress', fromMs: EXAMPLE_MS, toMs: EXAMPLE_MS + 90 * MINUTE_MS },
          { phase: 'play', fromMs: EXAMPLE_MS + 90 * MINUTE_MS, toMs: EXAMPLE_MS + 137 * MINUTE_MS },
        ],
      },
    ],
  },
);

/** The programme. */
export const PROGRAMME_KINDS: readonly AnyMessageKind[] = [erased(programmeKind)];
