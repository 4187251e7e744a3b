// The simulator tells the programme of its evenings as an organiser would: each before it begins, as a business record.
import { PHASES, type Phase, type Schedule, type StadiumSimulation } from '#models/simulation/index.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import type { BusinessEvent, PhaseSpanMessage } from '#streams/schema/events.ts';
import { businessKind, eventType } from '#streams/schema/registry.ts';
import { observationSubject } from '#streams/subjects.ts';
import type { Publish } from './simulate.ts';

const PHASE_OF: Readonly<Record<Phase, PhaseSpanMessage['phase'] | undefined>> = {
  ingress: 'ingress',
  'first-half': 'play',
  'half-time': 'half-time',
  'second-half': 'play',
  egress: 'egress',
  pause: undefined,
};

/** The phases of an evening that begins at `startMs`. */
export function eveningPhases(schedule: Schedule, startMs: number): PhaseSpanMessage[] {
  let at = startMs;
  return PHASES.flatMap((name) => {
    const fromMs = at;
    at += 1000 * schedule[name];
    const phase = PHASE_OF[name];
    return phase === undefined ? [] : [{ phase, fromMs, toMs: at }];
  });
}

/**
 * The record of the evening that comes `later` evenings after the present one, the run's `evening`th from 0. Two names take
 * turns: a run that begins anew replaces what the one before it had told, instead of overlapping it.
 */
export function eveningRecord(simulation: StadiumSimulation, evening: number, later = 0): BusinessEvent {
  const { schedule, eveningStartMs, epochMs } = simulation;
  const length = 1000 * PHASES.reduce((sum, phase) => sum + schedule[phase], 0);
  const startMs = eveningStartMs + later * length;
  return {
    epochMs,
    record: (evening + later) % 2 === 0 ? 'simulated-evening-a' : 'simulated-evening-b',
    type: 'event',
    status: later === 0 ? 'in-progress' : 'open',
    title: 'Simulated evening',
    phases: eveningPhases(schedule, startMs),
  };
}

/** Takes one message, of a camera or of the programme. */
export type PublishRecord = (message: {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly messageId: string;
  readonly headers?: Readonly<Record<string, string>>;
}) => Promise<void> | void;

/** A `Publish` for the cameras' messages that tells this evening and the next at the beginning of each. */
export function tellingProgramme(simulation: StadiumSimulation, publish: PublishRecord): Publish {
  const { org, id } = simulation.venue;
  const subject = observationSubject('business', { org, venue: id, source: 'simulator' });
  let told: number | undefined;
  let evening = -1;

  async function tell(): Promise<void> {
    for (const later of [0, 1]) {
      const record = eveningRecord(simulation, evening, later);
      const messageId = `${subject}|${record.record}|${record.epochMs}|${record.status}`;
      await publish({
        subject,
        payload: businessKind.codec.encode(record),
        messageId,
        headers: cloudEventHeaders({
          id: messageId,
          source: `/${org}/${id}/simulator`,
          type: eventType(businessKind),
          epochMs: record.epochMs,
          dataSchema: businessKind.name,
        }),
      });
    }
  }

  return (cameraSubject, payload, messageId) => {
    const send = () => publish({ subject: cameraSubject, payload, messageId });
    if (told === simulation.eveningStartMs) return send();
    told = simulation.eveningStartMs;
    evening++;
    return tell().then(send);
  };
}
