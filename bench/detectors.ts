// How well the warning signs tell what is coming, through the real processors: each sign's precision, recall and lead over the
// density alarm, on scripted crowds and on incidents of the simulated stadium. Reported seeds are none that anything was chosen on.
// DETECTOR_SEEDS=101,102,... runs more evenings of the stadium (about 20 s of CPU for each of their four scenes), and empty runs none.
import { type Sign as Alarm, figure, median, ringsOf } from './detectors/alarms.ts';
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
import { stadiumTable } from './detectors/stadium-table.ts';

const SEEDS = [11, 12, 13, 14, 15];
const STADIUM_SEEDS = [101];

type Sign = Exclude<Kind, 'calm'>;
const SIGNS = KINDS.filter((kind): kind is Sign => kind !== 'calm');

/** When each alarm first rang, ms; absent: never. */
type Alarms = ReadonlyMap<Alarm, number>;

function alarmsOf({ inputs }: ScriptedScene, noise: Noise): Alarms {
  const first = new Map<Alarm, number>();
  for (const { sign, atMs } of ringsOf(CORRIDOR, inputs, 2 * noise.velocity ** 2))
    if (!first.has(sign)) first.set(sign, atMs);
  return first;
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
    const alarm = alarms.get(sign);
    if (scene.kind === sign) scenes++;
    if (alarm === undefined) continue;
    if (scene.kind === 'calm' || alarm <= scene.onsetMs) early++;
    else if (scene.kind !== sign) elsewhere++;
    else {
      hits++;
      delays.push((alarm - scene.onsetMs) / 1000);
      const density = alarms.get('density');
      if (density !== undefined) leads.push((density - alarm) / 1000);
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
      precision: figure(precision),
      precision_all: figure(precisionAll),
      recall: figure(recall),
      lead_s: figure(lead),
      least_lead_s: figure(leadLeast),
      delay_s: figure(delay),
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
      ...Object.fromEntries(['density' as const, ...SIGNS].map((sign) => [sign, since(alarms.get(sign))])),
    })),
  );
  return figures;
}

/** Seeds of the stadium's evenings. @throws Error when the variable holds something else */
function stadiumSeeds(): readonly number[] {
  const given = process.env.DETECTOR_SEEDS;
  if (given === undefined) return STADIUM_SEEDS;
  if (given === '') return [];
  const seeds = given.split(',').map(Number);
  if (seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)) return seeds;
  throw new Error(`DETECTOR_SEEDS is "${given}": give whole numbers from 0 with commas between`);
}

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const seeds = stadiumSeeds();
  return {
    scenes_per_noise: SEEDS.length * KINDS.length,
    seeds: SEEDS.join(' '),
    made_by: 'kinematic scripts; stadium_*: the walking simulator',
    ...underNoise('fine', NOISES.fine),
    ...underNoise('coarse', NOISES.coarse),
    ...(await stadiumTable(seeds)),
  };
}
