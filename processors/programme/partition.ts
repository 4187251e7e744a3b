// One venue's programme: business records in, the whole programme out whenever it changes. Pure.
import { z } from 'zod';
import type { Venue } from '#models/venue/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import { type BusinessEvent, eventPhases } from '#streams/schema/events.ts';
import type { ProgrammeMessage } from '#streams/schema/programme.ts';
import { eventType, programmeKind } from '#streams/schema/registry.ts';
import { windowSubject } from '#streams/subjects.ts';
import { type KnownEvent, withRecord } from './fold.ts';

const stateShape = z.object({
  events: z.array(z.object({ event: z.string(), title: z.string(), phases: eventPhases })),
  changes: z.number(),
});

export function programmePartition(venue: Pick<Venue, 'org' | 'id'>): Partition<BusinessEvent> {
  const subject = windowSubject('programme', venue.org, venue.id, 'venue');
  let events: readonly KnownEvent[] = [];
  let changes = 0;

  function output(epochMs: number): Output {
    const message: ProgrammeMessage = {
      metric: 'programme',
      org: venue.org,
      venue: venue.id,
      key: 'venue',
      epochMs,
      events: events.map(({ event, title, phases }) => ({ event, title, phases: [...phases] })),
    };
    // Two changes may have the same time: the number tells them apart.
    const messageId = `${subject}|${epochMs}|${changes}`;
    return {
      subject,
      messageId,
      payload: programmeKind.codec.encode(message),
      headers: cloudEventHeaders({
        id: messageId,
        source: '/processors/programme',
        type: eventType(programmeKind),
        epochMs,
        dataSchema: programmeKind.name,
      }),
    };
  }

  return {
    onBatch(records) {
      const outputs: Output[] = [];
      for (const record of records) {
        const after = withRecord(events, record);
        if (after === events) continue;
        events = after;
        changes++;
        outputs.push(output(record.epochMs));
      }
      return outputs;
    },
    snapshot: () => new TextEncoder().encode(JSON.stringify({ events, changes })),
    restore(bytes) {
      ({ events, changes } = stateShape.parse(JSON.parse(new TextDecoder().decode(bytes))));
    },
    figures: () => ({ dropped_total: 0, keys: events.length }),
  };
}
