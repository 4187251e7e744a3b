// How well the warning signs tell what is coming: scripted crowds through the real processors, each sign's precision, recall
// and lead over the density alarm. Thresholds are the cited defaults; scenes are drawn from seeds that nothing was tuned on.
import { crowdDefaults, isTurbulent } from '#models/crowd/index.ts';
import { densityPartition } from '#processors/density/index.ts';
import { flowPartition } from '#processors/flow/index.ts';
import { DEFAULT_PRESSURE, pressurePartition } from '#processors/pressure/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import { densityKind, flowKind, pressureKind } from '#streams/schema/registry.ts';
import {
  CORRIDOR,
  KINDS,
  type Kind,
  NOISES,
  type Noise,
  type ScriptedScene,
  START_MS,
  scriptedScene,
} from './detectors/scenes.ts';

const SEEDS = [11, 12, 13, 14, 15];
/** Orange: the density alarm that a sign should come before. DOMAIN default of moving areas, p/m2. */
const DENSITY_ALARM = 5;
/** Turbulence and counterflow must hold for so long before they are an alarm, ms. */
const HOLD_MS = 10_000;
/** Half-way to both ways in balance. */
const COUNTERFLOW = 0.5;

type Sign = Exclude<Kind, 'calm'>;
const SIGNS = KINDS.filter((kind): kind is Sign => kind !== 'calm');

/** When each alarm first rang, ms; undefined: never. */
type Alarms = Readonly<Record<Sign | 'density', number | undefined>>;

interface Instant {
  readonly end: number;
  readonly on: boolean;
}

function firstHeld(instants: readonly Instant[], holdMs: number): number | undefined {
  let since: number | undefined;
  for (const { end, on } of instants) {
    if (!on) since = undefined;
    else {
      since ??= end;
      if (end - since >= holdMs) return end;
    }
  }
  return undefined;
}

function alarmsOf({ inputs }: ScriptedScene, noise: Noise): Alarms {
  const read = <T extends { end: number }>(
    outputs: readonly Output[],
    subject: string,
    decode: (payload: Uint8Array) => T,
    on: (window: T) => boolean,
  ): Instant[] =>
    outputs
      .filter((output) => output.subject === subject)
      .map(({ payload }) => {
        const window = decode(payload);
        return { end: window.end, on: on(window) };
      });
  const at = `${CORRIDOR.org}.${CORRIDOR.id}`;
  const noiseVariance = 2 * noise.velocity ** 2;
  const density = densityPartition(CORRIDOR).onBatch(inputs);
  const flow = flowPartition(CORRIDOR).onBatch(inputs);
  const pressure = pressurePartition(CORRIDOR, undefined, { ...DEFAULT_PRESSURE, noiseVariance }).onBatch(
    inputs,
  );
  const zone = (metric: string) => `win.${metric}.${at}.corridor`;
  const { decode } = pressureKind.codec;
  const threshold = crowdDefaults.turbulencePressure.value;
  return {
    density: firstHeld(
      read(
        density,
        zone('density'),
        densityKind.codec.decode,
        (w) => (w.density?.mean ?? 0) >= DENSITY_ALARM,
      ),
      0,
    ),
    surge: firstHeld(
      read(pressure, zone('pressure'), decode, (w) => (w.pressure?.window ?? 0) > threshold),
      0,
    ),
    'stop-and-go': firstHeld(
      read(flow, `win.flow-30s.${at}.exit`, flowKind.codec.decode, (w) => w.stopAndGo === true),
      0,
    ),
    turbulence: firstHeld(
      read(
        pressure,
        zone('pressure'),
        decode,
        (w) => isTurbulent(w.pressure?.mean ?? Number.NaN, threshold) === true,
      ),
      HOLD_MS,
    ),
    oscillation: firstHeld(
      read(pressure, zone('pressure-60s'), decode, (w) => w.oscillation?.state === 'oscillating'),
      0,
    ),
    counterflow: firstHeld(
      read(pressure, zone('pressure'), decode, (w) => (w.counterflow ?? 0) > COUNTERFLOW),
      HOLD_MS,
    ),
  };
}

interface Outcome {
  readonly scene: Pick<ScriptedScene, 'kind' | 'seed' | 'onsetMs'>;
  readonly alarms: Alarms;
}

/**
 * A sign's alarm is right when it rings in a scene of its kind from the onset on; before the onset or in a calm scene it is
 * false. In a scene of another kind something does go wrong, but something else: `precision_all` counts that as false too.
 */
function score(sign: Sign, outcomes: readonly Outcome[]) {
  let [hits, scenes, early, elsewhere] = [0, 0, 0, 0];
  const leads: number[] = [];
  const delays: number[] = [];
  for (const { scene, alarms } of outcomes) {
    const alarm = alarms[sign];
    if (scene.kind === sign) scenes++;
    if (alarm === undefined) continue;
    if (scene.kind === 'calm' || alarm <= scene.onsetMs) early++;
    else if (scene.kind !== sign) elsewhere++;
    else {
      hits++;
      delays.push((alarm - scene.onsetMs) / 1000);
      if (alarms.density !== undefined) leads.push((alarms.density - alarm) / 1000);
    }
  }
  return {
    recall: hits / scenes,
    precision: hits / (hits + early),
    precisionAll: hits / (hits + early + elsewhere),
    lead: median(leads),
    leadLeast: Math.min(...leads),
    delay: median(delays),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const round = (value: number): number | string =>
  Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 'none';
const since = (ms: number | undefined): string =>
  ms === undefined || !Number.isFinite(ms) ? '-' : ((ms - START_MS) / 1000).toFixed(0);

/** Every scene under one noise of the tracks: prints its tables, returns figures prefixed with its name. */
function underNoise(label: string, noise: Noise): Record<string, number | string> {
  const outcomes = SEEDS.flatMap((seed) =>
    KINDS.map((kind): Outcome => {
      const scene = scriptedScene(kind, seed, noise);
      return { scene: { kind, seed, onsetMs: scene.onsetMs }, alarms: alarmsOf(scene, noise) };
    }),
  );
  console.log(
    `\n${label} tracks: ${noise.positionM} m and ${noise.velocity} m/s per axis, ${outcomes.length} scenes`,
  );
  console.log('lead: before the density alarm of 5 p/m2; delay: after the script began; medians over scenes');
  const figures: Record<string, number | string> = {};
  const table = SIGNS.map((sign) => {
    const { recall, precision, precisionAll, lead, leadLeast, delay } = score(sign, outcomes);
    const row = {
      precision: round(precision),
      precision_all: round(precisionAll),
      recall: round(recall),
      lead_s: round(lead),
      least_lead_s: round(leadLeast),
      delay_s: round(delay),
    };
    for (const [key, value] of Object.entries(row))
      figures[`${label}_${sign.replaceAll('-', '_')}_${key}`] = value;
    return { sign, ...row };
  });
  console.table(table);
  console.log('alarms rung, by scene (seconds after its start; onset in brackets)');
  console.table(
    outcomes.map(({ scene, alarms }) => ({
      scene: `${scene.kind} ${scene.seed} (${since(scene.onsetMs)})`,
      ...Object.fromEntries(Object.entries(alarms).map(([alarm, ms]) => [alarm, since(ms)])),
    })),
  );
  return figures;
}

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  return {
    scenes_per_noise: SEEDS.length * KINDS.length,
    seeds: SEEDS.join(' '),
    made_by: 'kinematic scripts',
    ...underNoise('fine', NOISES.fine),
    ...underNoise('coarse', NOISES.coarse),
  };
}
