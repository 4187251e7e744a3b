// One count per person from overlapping views: error of the count of zones against the truth, per position noise, miss rate
// and number of views, beside the sum of the views and "the first camera of the list answers". Seeded: always the same.
import { type View, ViewFuser } from '#models/fusion/index.ts';
import { Scene } from './fusion/scene.ts';

const WIDTH_M = 32;
const HEIGHT_M = 16;
const ZONE_M = 8;
const STEP_MS = 500;
const WARM_UP = 6;
const TICKS = 16;
const SIGMAS = [0.1, 0.2, 0.4] as const;
const MISSES = [0.03, 0.1, 0.2] as const;
const VIEWS = [1, 2, 3] as const;
const DENSITIES = [1, 2.5] as const;

/** What is counted: sums over ticks of the counts and of the errors of zones. */
interface Tally {
  truth: number;
  counted: number;
  zoneError: number;
}

const METHODS = ['sum', 'first', 'fused'] as const;
type Result = Record<(typeof METHODS)[number], Tally> & { expectedMissed: number; cpuMs: number };

const zoneOf = (x: number, y: number): number =>
  Math.max(0, Math.min(3, Math.floor(x / ZONE_M))) + 4 * Math.max(0, Math.min(1, Math.floor(y / ZONE_M)));

function zones(count: number, x: ArrayLike<number>, y: ArrayLike<number>): Float64Array {
  const counts = new Float64Array(8);
  for (let i = 0; i < count; i++) counts[zoneOf(x[i], y[i])]++;
  return counts;
}

/** Each place is answered for by the first camera that covers it, judged by the reported position. */
function ownedZones(scene: Scene, seen: readonly View[]): Float64Array {
  const counts = new Float64Array(8);
  for (const { camera, count, x, y } of seen) {
    for (let i = 0; i < count; i++) {
      const owner = scene.covering(x[i])[0];
      if (owner === undefined || owner === camera) counts[zoneOf(x[i], y[i])]++;
    }
  }
  return counts;
}

function add(tally: Tally, truth: Float64Array, counts: Float64Array): void {
  truth.forEach((n, z) => {
    tally.truth += n;
    tally.counted += counts[z];
    tally.zoneError += Math.abs(counts[z] - n);
  });
}

interface Condition {
  readonly density: number;
  readonly sigmaM: number;
  readonly missRate: number;
  readonly cameras: readonly (readonly [number, number])[];
  readonly switchRate?: number;
}

/** Every camera sees all of the floor: `views` views everywhere. */
const everywhere = (views: number): Condition['cameras'] => Array.from({ length: views }, () => [0, WIDTH_M]);
/** As cameras are mounted: two views at most places, three or one at some. */
const STAGGERED: Condition['cameras'] = [
  [0, 16],
  [4, 24],
  [12, 32],
];

function condition({ density, sigmaM, missRate, cameras, switchRate = 0 }: Condition): Result {
  const views = cameras.length;
  const scene = new Scene({
    widthM: WIDTH_M,
    heightM: HEIGHT_M,
    density,
    sigmaM,
    missRate,
    cameras,
    switchRate,
    stepMs: STEP_MS,
    seed: 1 + Math.round(1000 * sigmaM + 100 * missRate + 10 * density),
  });
  // The deviation is what the installer states; here it is the default whatever the true one.
  const fuser = new ViewFuser({
    sigmaM: cameras.map(() => undefined),
    covering: (x) => scene.covering(x),
  });
  const tally = (): Tally => ({ truth: 0, counted: 0, zoneError: 0 });
  const result: Result = { sum: tally(), first: tally(), fused: tally(), expectedMissed: 0, cpuMs: 0 };
  const live = new Uint8Array(views).fill(1);
  for (let tick = 0; tick < WARM_UP + TICKS; tick++) {
    scene.advance();
    const seen = scene.views();
    const before = process.cpuUsage();
    const persons = fuser.step(scene.epochMs, seen, live);
    const spent = process.cpuUsage(before);
    if (tick < WARM_UP) continue;
    result.cpuMs += (spent.user + spent.system) / 1000 / TICKS;
    const truth = zones(scene.count, scene.x, scene.y);
    const sum = new Float64Array(8);
    for (const view of seen) {
      zones(view.count, view.x, view.y).forEach((n, z) => {
        sum[z] += n;
      });
    }
    add(result.sum, truth, sum);
    add(result.first, truth, ownedZones(scene, seen));
    add(result.fused, truth, zones(persons.count, persons.x, persons.y));
    result.expectedMissed += persons.missed.reduce((a, b) => a + b, 0) / TICKS;
  }
  return result;
}

const relative = ({ truth, counted }: Tally): number => counted / truth - 1;
const perZone = ({ truth, zoneError }: Tally): number => zoneError / truth;
const percent = (v: number): string => `${(100 * v).toFixed(1)} %`.padStart(8);

/** Prints the table. Figures are relative errors, 0..1: of the count of the floor, and per zone of 64 m2 (mean absolute). */
export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  console.log(
    `\nCount of ${WIDTH_M} x ${HEIGHT_M} m against the truth (mean of ${TICKS} ticks), and of its 8 zones of 64 m2`,
  );
  console.log(
    '                             | whole floor                | per zone, mean absolute    | ms CPU',
  );
  console.log(
    '  p/m2 noise m missed  views |     sum    first    fused |     sum    first    fused | per tick',
  );
  let worstThree = 0;
  let worstThreeZone = 0;
  let worstFirst = 0;
  let leastSum = Number.POSITIVE_INFINITY;
  let cpu = 0;
  const figures: Record<string, number> = {};
  for (const density of DENSITIES) {
    for (const sigma of SIGMAS) {
      for (const missed of MISSES) {
        for (const views of VIEWS) {
          const result = condition({ density, sigmaM: sigma, missRate: missed, cameras: everywhere(views) });
          const floor = METHODS.map((m) => relative(result[m]));
          const zone = METHODS.map((m) => perZone(result[m]));
          console.log(
            `  ${density.toFixed(1)}  ${sigma.toFixed(1)}     ${percent(missed).trim().padEnd(7)} ${views}    | ${floor.map(percent).join(' ')} | ${zone.map(percent).join(' ')} | ${result.cpuMs.toFixed(1).padStart(6)}`,
          );
          if (views !== 3) continue;
          worstThree = Math.max(worstThree, Math.abs(floor[2]));
          worstThreeZone = Math.max(worstThreeZone, zone[2]);
          worstFirst = Math.max(worstFirst, Math.abs(floor[1]));
          leastSum = Math.min(leastSum, floor[0]);
          cpu = Math.max(cpu, result.cpuMs);
          figures[`fused_density_${density}_noise_${sigma}_missed_${missed}`.replaceAll('.', '_')] = floor[2];
        }
      }
    }
  }
  console.log(
    '\n  2.5 p/m2, noise 0.2 m, 10 % missed; three cameras that overlap in part; trackers that change ids',
  );
  console.log('                             floor:  sum    first    fused   zone: fused');
  for (const [name, cameras, switchRate] of [
    ['partial_overlap', STAGGERED, 0],
    ['partial_overlap_ids_change_1_percent', STAGGERED, 0.01],
    ['three_views_ids_change_1_percent', everywhere(3), 0.01],
    ['three_views_ids_change_5_percent', everywhere(3), 0.05],
  ] as const) {
    const result = condition({ density: 2.5, sigmaM: 0.2, missRate: 0.1, cameras, switchRate });
    const floor = METHODS.map((m) => relative(result[m]));
    figures[name] = floor[2];
    console.log(`  ${name.padEnd(38)} ${floor.map(percent).join(' ')}   ${percent(perZone(result.fused))}`);
  }
  console.log(
    `\n  three views, worst condition: fused ${percent(worstThree).trim()} (per zone ${percent(worstThreeZone).trim()}), first camera ${percent(worstFirst).trim()}, sum at least ${percent(leastSum).trim()}`,
  );
  return {
    count_error_three_views: worstThree,
    zone_count_error_three_views: worstThreeZone,
    first_camera_error_three_views: worstFirst,
    sum_of_views_error_three_views: leastSum,
    cpu_ms_per_tick_three_views: cpu,
    ...figures,
  };
}
