// Unusual places over density rasters: what is found of anomalies injected into synthetic evenings, how soon, what is found
// beside them, and what a raster costs. Seeds of this bench were not looked at while constants were chosen (those were 1 to 5).
import { RasterDetector, rasterKinds } from '#models/anomaly/raster.ts';
import { Scene } from '#models/anomaly/raster-scene.ts';
import { decodeGrid, encodeGrid, type GridFrame } from '#streams/schema/grid.ts';

const SEEDS = [101, 102, 103];
/** Some of them again, with nothing told of the programme. */
const UNTOLD_SEEDS = [101, 102];
const EVENINGS = 4;
/** Alarms so long after an anomaly still belong to it: what was displaced comes back. */
const AFTER_MS = 60_000;
/** An alarm is at the place of an anomaly when its centroid is so near to it, beyond its radius. */
const NEAR_M = 6;

interface Tally {
  injected: number;
  /** Found at its place and time by an alarm of whatever kind; of its own kind. */
  found: number;
  named: number;
  delaysS: number[];
}

const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[of.length >> 1] ?? Number.NaN;
const rounded = (x: number, digits = 3): number => Math.round(x * 10 ** digits) / 10 ** digits;

interface Played {
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly alarms: number;
  /** Alarms while nothing was injected; those after the first evening. */
  readonly beside: number;
  readonly besideLater: number;
  readonly hours: number;
}

function play(seeds: readonly number[], told: boolean): Played {
  const tallies = new Map<string, Tally>(
    rasterKinds.map((kind) => [kind, { injected: 0, found: 0, named: 0, delaysS: [] }]),
  );
  let [alarms, beside, besideLater, hours] = [0, 0, 0, 0];
  for (const seed of seeds) {
    const scene = new Scene({ seed, evenings: EVENINGS, anomalies: 2, sparse: true });
    const detector = new RasterDetector();
    const found = new Map<number, { delayS: number; named: boolean }>();
    let first = Number.NaN;
    for (const frame of scene.rasters()) {
      if (Number.isNaN(first)) first = frame.epochMs;
      for (const { startMs, endMs, findings } of detector.update(
        frame,
        told ? scene.phaseAt : () => 'none',
      )) {
        hours += (endMs - startMs) / 3_600_000;
        for (const { kind, x, y, alarm } of findings) {
          if (!alarm) continue;
          alarms += 1;
          const present = scene.anomalies.findIndex((a) => endMs > a.fromMs && startMs <= a.toMs + AFTER_MS);
          const anomaly = scene.anomalies[present];
          if (anomaly === undefined) {
            beside += 1;
            if (endMs - first > 86_400_000) besideLater += 1;
            continue;
          }
          if (Math.hypot(x - anomaly.x, y - anomaly.y) > anomaly.radiusM + NEAR_M) continue;
          const before = found.get(present);
          found.set(present, {
            delayS: before?.delayS ?? (endMs - anomaly.fromMs) / 1000,
            named: (before?.named ?? false) || kind === anomaly.kind,
          });
        }
      }
    }
    scene.anomalies.forEach(({ kind }, i) => {
      const tally = tallies.get(kind)!;
      const one = found.get(i);
      tally.injected += 1;
      if (one === undefined) return;
      tally.found += 1;
      tally.named += one.named ? 1 : 0;
      tally.delaysS.push(one.delayS);
    });
  }
  return { tallies, alarms, beside, besideLater, hours };
}

function tell(
  { tallies, alarms, beside, besideLater, hours }: Played,
  prefix: string,
): Record<string, number> {
  const figures: Record<string, number> = {};
  console.log('injected anomalies        injected  found  by its own kind  median delay');
  for (const [kind, { injected, found, named, delaysS }] of tallies) {
    const key = `${prefix}${kind.replaceAll('-', '_')}`;
    figures[`${key}_injected`] = injected;
    figures[`${key}_recall`] = rounded(found / injected);
    figures[`${key}_recall_named`] = rounded(named / injected);
    figures[`${key}_delay_s`] = rounded(median(delaysS), 0);
    console.log(
      `${kind.padEnd(24)}  ${String(injected).padStart(8)}  ${String(found).padStart(5)}  ${String(named).padStart(15)}  ` +
        `${median(delaysS).toFixed(0).padStart(10)} s`,
    );
  }
  const perHour = rounded(beside / hours);
  const later = rounded(besideLater / (hours * (1 - 1 / EVENINGS)));
  figures[`${prefix}alarms`] = alarms;
  figures[`${prefix}precision`] = rounded((alarms - beside) / alarms);
  figures[`${prefix}false_alarms_per_hour`] = perHour;
  figures[`${prefix}false_alarms_per_hour_after_the_first_evening`] = later;
  console.log(
    `${alarms} alarms in ${hours.toFixed(1)} h of evenings, ${beside} while nothing was injected ` +
      `(${perHour} an hour; ${later} after the first evening)`,
  );
  return figures;
}

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  console.log('the phase of the event is known');
  const figures: Record<string, number | string> = tell(play(SEEDS, true), '');
  console.log('nothing is known of the event');
  Object.assign(figures, tell(play(UNTOLD_SEEDS, false), 'untold_'), cost());
  console.log(
    `a raster of 620 x 548 cells with 5,000 persons: ${figures.decode_us_per_raster} us of CPU to decode, ` +
      `${figures.update_us_per_raster} us to score; ${figures.bytes_per_cell_one_phase} B per cell of memory with one phase, ` +
      `${figures.bytes_per_cell_five_phases} with five; a checkpoint of ${figures.checkpoint_kb} kB`,
  );
  return figures;
}

/** CPU time and memory on the largest of the demonstration levels. */
function cost(): Record<string, number> {
  const [width, height] = [620, 548];
  let state = 9;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const persons = Array.from({ length: 5000 }, () => ({ x: width * uniform(), y: height * uniform() }));
  const frame = (second: number): GridFrame => {
    const cells = new Uint16Array(width * height);
    for (const one of persons) {
      one.x = Math.min(width - 4, Math.max(3, one.x + 2 * (uniform() - 0.5)));
      one.y = Math.min(height - 4, Math.max(3, one.y + 2 * (uniform() - 0.5)));
      for (let dy = -2; dy <= 2; dy++)
        for (let dx = -2; dx <= 2; dx++)
          cells[(Math.floor(one.y) + dy) * width + Math.floor(one.x) + dx]! += Math.round(
            636 * Math.exp(-(dx * dx + dy * dy) / 2),
          );
    }
    return {
      epochMs: 1_800_000_000_000 + 1000 * second,
      level: 0,
      kernel: 'gaussian',
      width,
      height,
      cellM: 0.5,
      originX: 0,
      originY: 0,
      completeness: 1,
      revision: 0,
      cells,
    };
  };
  const payloads = Array.from({ length: 100 }, (_, i) => encodeGrid(frame(i + 1)));
  const cpuOf = (work: () => void): number => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  let frames: GridFrame[] = [];
  const decode = cpuOf(() => {
    frames = payloads.map(decodeGrid);
  });
  const detector = new RasterDetector();
  const update = cpuOf(() => {
    for (const one of frames) detector.update(one, () => 'none');
  });
  const cells = width * height;
  const onePhase = detector.bytes / cells;
  const checkpoint = detector.snapshot().byteLength;
  for (const [i, phase] of (['ingress', 'play', 'half-time', 'egress'] as const).entries())
    detector.update({ ...frames[0]!, epochMs: 1_800_000_000_000 + 10_000 * (20 + i) }, () => phase);
  return {
    decode_us_per_raster: Math.round(decode / frames.length),
    update_us_per_raster: Math.round(update / frames.length),
    bytes_per_cell_one_phase: rounded(onePhase, 1),
    bytes_per_cell_five_phases: rounded(detector.bytes / cells, 1),
    checkpoint_kb: Math.round(checkpoint / 1000),
  };
}
