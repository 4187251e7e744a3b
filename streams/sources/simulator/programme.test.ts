// The simulator's evenings as an organiser would tell them, each before it begins.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { createSimulation, SCHEDULES } from '#models/simulation/index.ts';
import { parseVenue } from '#models/venue/index.ts';
import { businessKind } from '#streams/schema/registry.ts';
import { tellingProgramme } from './programme.ts';

const venue = parseVenue(
  readFileSync(path.join(import.meta.dirname, '../../../venues/harbour-stadium.geojson'), 'utf8'),
);
const START_MS = 1_800_000_000_000;
const SHORT = {
  ingress: 20,
  'first-half': 10,
  'half-time': 5,
  'second-half': 10,
  egress: 10,
  pause: 5,
} as const;

async function told(schedule: typeof SHORT | (typeof SCHEDULES)['demo'], seconds: number) {
  const simulation = createSimulation({ venue, startMs: START_MS, attendance: 5, present: 0, schedule });
  const sent: { subject: string; messageId: string; payload: Uint8Array }[] = [];
  const publish = tellingProgramme(simulation, (message) => {
    sent.push(message);
  });
  for (let second = 0; second < seconds; second++) {
    await publish('obs.tracks.o.v.c', new Uint8Array(0), `frame ${second}`);
    for (let step = 0; step < 1 / simulation.stepS; step++) simulation.step();
  }
  const records = sent.filter(({ subject }) => subject.startsWith('obs.business.'));
  expect(new Set(records.map(({ messageId }) => messageId)).size).toBe(records.length);
  expect(sent.length - records.length).toBe(seconds);
  expect(sent[0]).toBe(records[0]);
  return records.map(({ payload }) => businessKind.codec.decode(payload));
}

it('tells the phases of this evening and the next, once, before anything else', async () => {
  const records = await told(SCHEDULES.demo, 5);
  expect(records.map(({ record }) => record)).toEqual(['simulated-evening-a', 'simulated-evening-b']);
  const [present, next] = records;
  const minutes = (ms: number) => (ms - START_MS) / 60_000;
  expect(present!.phases!.map(({ phase, fromMs, toMs }) => [phase, minutes(fromMs), minutes(toMs)])).toEqual([
    ['ingress', 0, 30],
    ['play', 30, 35],
    ['half-time', 35, 41],
    ['play', 41, 46],
    ['egress', 46, 60],
  ]);
  expect(minutes(next!.phases![0]!.fromMs)).toBe(61);
});

it('tells each evening under the same name as when it was announced', async () => {
  const records = await told(SHORT, 130);
  const begins = records.map(({ record, phases }) => [record.at(-1), (phases![0]!.fromMs - START_MS) / 1000]);
  expect(begins).toEqual([
    ['a', 0],
    ['b', 60],
    ['b', 60],
    ['a', 120],
    ['a', 120],
    ['b', 180],
  ]);
});
