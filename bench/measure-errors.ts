// How wrong density becomes when cameras err: position noise and missed persons at three densities; and how often the
// oscillation detector is wrong on correlated noise. Seeded: the same figures every time.
import {
  classicDensity,
  detectOscillation,
  VoronoiTessellation,
  voronoiDensity,
} from '#models/crowd/index.ts';
import { boxPolygon, partitionConvex } from '#models/geometry/index.ts';

const side = 24;
const zone = boxPolygon({ minX: 8, minY: 8, maxX: 14, maxY: 14 });

function generator(seed: number): { uniform: () => number; normal: () => number } {
  let s = seed >>> 0;
  const uniform = (): number => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s + 0.5) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

type Random = ReturnType<typeof generator>;

/** Persons who keep their distance: a lattice turned and shifted at random, each moved by up to a third of its step. */
function crowd(density: number, { uniform }: Random): { x: number[]; y: number[] } {
  const step = 1 / Math.sqrt(density);
  const angle = uniform() * Math.PI;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const [ox, oy] = [uniform() * step, uniform() * step];
  const reach = Math.ceil(side / step);
  const x: number[] = [];
  const y: number[] = [];
  for (let i = -reach; i <= reach; i++) {
    for (let j = -reach; j <= reach; j++) {
      const a = i * step + ox + (uniform() - 0.5) * step * 0.66;
      const b = j * step + oy + (uniform() - 0.5) * step * 0.66;
      const px = side / 2 + c * a - s * b;
      const py = side / 2 + s * a + c * b;
      if (px <= 0 || px >= side || py <= 0 || py >= side) continue;
      x.push(px);
      y.push(py);
    }
  }
  return { x, y };
}

type Error = { bias: number; rms: number };

function summary(values: readonly number[]): Error {
  const bias = values.reduce((a, b) => a + b, 0) / values.length;
  return { bias, rms: Math.sqrt(values.reduce((a, b) => a + b * b, 0) / values.length) };
}

/** Relative errors of both densities in one zone of 36 m2 against what they are without noise and misses. */
function densityErrors(density: number, noise: number, missed: number): { classic: Error; voronoi: Error } {
  const random = generator(density * 1000 + noise * 100 + missed * 10);
  const area = partitionConvex(zone);
  const floor = boxPolygon({ minX: 0, minY: 0, maxX: side, maxY: side });
  const tessellation = new VoronoiTessellation(floor, { radius: 0.8, quadSegments: 3 });
  const classic: number[] = [];
  const voronoi: number[] = [];
  for (let run = 0; run < 40; run++) {
    const { x, y } = crowd(density, random);
    const kept = x.map((_, i) => i).filter(() => random.uniform() >= missed);
    const nx = kept.map((i) => x[i] + noise * random.normal());
    const ny = kept.map((i) => y[i] + noise * random.normal());
    classic.push(classicDensity(zone, nx, ny) / classicDensity(zone, x, y) - 1);
    const truth = voronoiDensity(tessellation.compute(x, y), area);
    voronoi.push(voronoiDensity(tessellation.compute(nx, ny), area) / truth - 1);
  }
  return { classic: summary(classic), voronoi: summary(voronoi) };
}

/** Share of windows called oscillating: mean velocity of amplitude m/s at 18 s in correlated noise of `sd` m/s. */
function oscillationRate(amplitude: number, sd: number, seconds: number): number {
  const random = generator(1 + amplitude * 100 + sd * 1000 + seconds);
  const runs = 200;
  let found = 0;
  for (let run = 0; run < runs; run++) {
    const phase = 2 * Math.PI * random.uniform();
    const t = Array.from({ length: 2 * seconds + 1 }, (_, k) => k / 2);
    let [a, b] = [0, 0];
    const kick = sd * Math.sqrt(1 - 0.81); // first-order autoregressive, correlation 0.9 over half a second
    const v = t.map((s): [number, number] => {
      a = 0.9 * a + kick * random.normal();
      b = 0.9 * b + kick * random.normal();
      const angle = (2 * Math.PI * s) / 18 + phase;
      return [amplitude * Math.cos(angle) + a, amplitude * Math.sin(angle) + b];
    });
    const o = detectOscillation(
      t,
      v.map((p) => p[0]),
      v.map((p) => p[1]),
    );
    if (o.state === 'oscillating') found++;
  }
  return found / runs;
}

const WATCH_S = 3_600;
const LOOK_S = 2;
const MEMORY = 140;

/**
 * False calls per hour when the last 70 s are looked at all the time: `velocity` gives the mean velocity every half second.
 * A call that goes on is one.
 */
function falseCallsPerHour(hours: number, velocity: () => readonly [number, number]): number {
  const n = hours * WATCH_S * 2;
  const t = Float64Array.from({ length: n }, (_, k) => k / 2);
  const [vx, vy] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) [vx[k], vy[k]] = velocity();
  let calls = 0;
  let calling = false;
  for (let end = MEMORY; end <= n; end += 2 * LOOK_S) {
    const last = (column: Float64Array): Float64Array => column.subarray(end - MEMORY, end);
    const on = detectOscillation(last(t), last(vx), last(vy)).state === 'oscillating';
    if (on && !calling) calls++;
    calling = on;
  }
  return calls / hours;
}

/** Noise of `sd` m/s that forgets itself by the factor `keep` in half a second. */
function wandering(sd: number, keep: number): () => readonly [number, number] {
  const random = generator(Math.round(1 + sd * 1000 + keep * 1e5));
  const kick = sd * Math.sqrt(1 - keep * keep);
  let [a, b] = [0, 0];
  return () => {
    a = keep * a + kick * random.normal();
    b = keep * b + kick * random.normal();
    return [a, b];
  };
}

/** A crowd whose speed goes to a new level, drawn up to 1 m/s, every 10 to 60 s, within some seconds, in noise of 0.02 m/s. */
function changing(): () => readonly [number, number] {
  const random = generator(77);
  const noise = wandering(0.02, 0.9);
  let [speed, target, rate, left] = [0.5, 0.5, 0.1, 0];
  return () => {
    if (left-- <= 0) {
      left = 20 + 100 * random.uniform();
      target = random.uniform();
      rate = 1 / (2 + 8 * random.uniform());
    }
    speed += (target - speed) * rate;
    const [a, b] = noise();
    return [speed + a, b];
  };
}

const percent = (v: number): string => `${(100 * v).toFixed(1)} %`.padStart(8);

/** Prints both tables; figures are relative errors and shares, 0..1. */
export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const figures: Record<string, number> = {};
  console.log('\nDensity of a zone of 36 m2, cut-off 0.8 m: relative error (bias, rms of 40 scenes)');
  console.log('  p/m2  noise m  missed   classic bias      rms   Voronoi bias      rms');
  for (const density of [1, 3, 6]) {
    for (const [noise, missed] of [
      [0.1, 0],
      [0.3, 0],
      [0, 0.1],
      [0.3, 0.1],
    ]) {
      const { classic, voronoi } = densityErrors(density, noise, missed);
      const row = [classic.bias, classic.rms, voronoi.bias, voronoi.rms].map(percent);
      console.log(
        `  ${density}     ${noise.toFixed(1)}      ${percent(missed).trim().padEnd(7)}    ${row[0]} ${row[1]}       ${row[2]} ${row[3]}`,
      );
      const key = `density_${density}_noise_${noise * 10}dm_missed_${missed * 100}pct`;
      figures[`${key}_classic_rms`] = classic.rms;
      figures[`${key}_voronoi_rms`] = voronoi.rms;
    }
  }
  console.log('\nOscillation called in a window: noise of the mean velocity, circling at 18 s');
  console.log('  noise m/s  window s   none there   0.1 m/s    0.2 m/s');
  for (const sd of [0.02, 0.05, 0.1]) {
    for (const seconds of [40, 60, 120]) {
      const rates = [0, 0.1, 0.2].map((amplitude) => oscillationRate(amplitude, sd, seconds));
      console.log(`  ${sd.toFixed(2)}       ${String(seconds).padEnd(8)}  ${rates.map(percent).join('   ')}`);
      figures[`oscillation_false_noise_${sd * 100}cm_window_${seconds}`] = rates[0];
      figures[`oscillation_found_20cm_noise_${sd * 100}cm_window_${seconds}`] = rates[2];
    }
  }
  console.log('\nOscillation looked for all the time where none is: false calls per hour');
  for (const sd of [0.05, 0.1]) {
    for (const keep of [0.9, 0.975]) {
      const calls = falseCallsPerHour(2, wandering(sd, keep));
      const memory = -0.5 / Math.log(keep);
      console.log(
        `  noise ${sd.toFixed(2)} m/s with a memory of ${memory.toFixed(0)} s  ${calls.toFixed(1)}`,
      );
      figures[`oscillation_false_per_hour_noise_${sd * 100}cm_memory_${memory.toFixed(0)}s`] = calls;
    }
  }
  const calls = falseCallsPerHour(2, changing());
  console.log(`  speed that changes level every 10 to 60 s   ${calls.toFixed(1)}`);
  figures.oscillation_false_per_hour_changing_speed = calls;
  for (const [name, value] of Object.entries(figures)) figures[name] = Math.round(value * 1e4) / 1e4;
  return figures;
}
