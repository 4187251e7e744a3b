// What the crowd simulator costs: steps per second with 20,000 persons, and the share of a core of a live run.
// CPU time of this process, not wall time, so that a busy machine does not change the figure much.
import { readFileSync } from 'node:fs';
import { createSimulation, STATE, type StadiumSimulation } from '#models/simulation/index.ts';
import { parseVenue } from '#models/venue/index.ts';
import { publishObservations, simulateObservations } from '#streams/sources/simulator/index.ts';

const STARTS_MS = 1_800_000_000_000;
const ROUNDS = 3;

const cpuS = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

/** Median CPU seconds per simulated second over a few stretches of `seconds`. */
function cost(sim: StadiumSimulation, seconds: number): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const end = sim.timeS + seconds;
    const before = cpuS();
    while (sim.timeS < end) sim.step();
    return (cpuS() - before) / seconds;
  });
  return median(rounds);
}

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const venue = parseVenue(
    readFileSync(new URL('../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
  );
  // Everyone is there; soon afterwards all of them leave.
  const schedule = {
    ingress: 300,
    'first-half': 30,
    'half-time': 1,
    'second-half': 30,
    egress: 1200,
    pause: 60,
  };
  const sim = createSimulation({ venue, startMs: STARTS_MS, schedule, attendance: 20_000, present: 20_000 });
  const seatedCost = cost(sim, 10);
  while (sim.phase !== 'egress') sim.step();
  const end = sim.timeS + 150;
  while (sim.timeS < end) sim.step();
  const walking = sim.crowd.state.reduce((n, s) => n + (s === STATE.walk ? 1 : 0), 0);
  const egressCost = cost(sim, 10);

  const demo = simulateObservations({ venue, startMs: STARTS_MS, speed: Infinity, durationS: 30 });
  const before = cpuS();
  const figures = await publishObservations(demo, () => undefined);
  const demoShare = (cpuS() - before) / 30;

  const row = (what: string, value: string): void => console.log(`${what.padEnd(58)}${value.padStart(12)}`);
  row('20,000 persons, most seated: steps of 0.25 s per CPU second', (4 / seatedCost).toFixed(0));
  row(`20,000 persons, ${walking} walking out: steps per CPU second`, (4 / egressCost).toFixed(0));
  row('  times faster than real time on one core', (1 / egressCost).toFixed(1));
  row('demo, live, with cameras and encoding: share of a core', `${(100 * demoShare).toFixed(1)} %`);
  row('  messages per second', (figures.messages / 30).toFixed(0));
  row('  positions per second', (figures.persons / 30).toFixed(0));
  return {
    steps_per_s_20000_seated: Math.round(4 / seatedCost),
    steps_per_s_20000_egress: Math.round(4 / egressCost),
    walking_in_egress: walking,
    realtime_factor_egress: Number((1 / egressCost).toFixed(2)),
    demo_core_share: Number(demoShare.toFixed(4)),
    demo_messages_per_s: Math.round(figures.messages / 30),
    demo_positions_per_s: Math.round(figures.persons / 30),
  };
}
