// The programme of a venue from its business records: the latest message of a record holds. Pure.
import type { BusinessEvent, PhaseSpanMessage } from '#streams/schema/events.ts';

/** Events kept, and for how long after their end, ms: what is past is of no use to a live programme. */
const MOST_EVENTS = 64;
const KEPT_MS = 2 * 86_400_000;

export interface KnownEvent {
  readonly event: string;
  readonly title: string;
  readonly phases: readonly PhaseSpanMessage[];
}

/** The programme before, changed by one record; the same array when it changes nothing. */
export function withRecord(before: readonly KnownEvent[], record: BusinessEvent): readonly KnownEvent[] {
  if (record.type !== 'event') return before;
  const known = before.find(({ event }) => event === record.record);
  const withdrawn = record.status === 'cancelled';
  if (withdrawn && known === undefined) return before;
  // A record without phases (its status alone changed) leaves the programme as it is.
  if (!withdrawn && record.phases === undefined) return before;
  const others = before.filter(
    ({ event, phases }) => event !== record.record && ends(phases) >= record.epochMs - KEPT_MS,
  );
  const now: KnownEvent[] =
    withdrawn || record.phases === undefined
      ? others
      : [...others, { event: record.record, title: record.title, phases: record.phases }];
  return now
    .sort((a, b) => a.phases[0]!.fromMs - b.phases[0]!.fromMs || (a.event < b.event ? -1 : 1))
    .slice(-MOST_EVENTS);
}

const ends = (phases: readonly PhaseSpanMessage[]): number => phases[phases.length - 1]!.toMs;
