// How fast the crowd measures are: Voronoi cells of 1,000 persons, and every measure for 20,000 persons in 100 zones
// at 10 Hz on one core.
import {
  addVelocity,
  classicDensity,
  congestion,
  counterflow,
  createGrid,
  crowdPressure,
  DwellTracker,
  detectOscillation,
  dispersal,
  emptyMoments,
  gridProfile,
  isStopAndGo,
  LineCounter,
  levelByDensity,
  levelByFlow,
  VoronoiTessellation,
  voronoiDensity,
  ZoneSet,
} from '#models/crowd/index.ts';
import {
  boxPolygon,
  type Polygon,
  parseWktPolygon,
  partitionConvex,
  type Segment,
} from '#models/geometry/index.ts';

const cutOff = { radius: 0.8, quadSegments: 3 };

function random(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Median wall milliseconds of `run`, after a warm-up. */
function time(times: number, run: () => void): number {
  for (let k = 0; k < 10; k++) run();
  return median(
    Array.from({ length: times }, () => {
      const from = performance.now();
      run();
      return performance.now() - from;
    }),
  );
}

/** A floor of `size` metres with a pillar of 1 m every `spacing` metres. */
function pillarFloor(size: number, spacing: number): Polygon {
  const holes: string[] = [];
  for (let x = spacing / 2; x < size; x += spacing)
    for (let y = spacing / 2; y < size; y += spacing)
      holes.push(`, (${x} ${y}, ${x + 1} ${y}, ${x + 1} ${y + 1}, ${x} ${y + 1})`);
  return parseWktPolygon(`POLYGON ((0 0, ${size} 0, ${size} ${size}, 0 ${size})${holes.join('')})`);
}

function crowd(n: number, size: number, next: () => number): { x: Float64Array; y: Float64Array } {
  const x = Float64Array.from({ length: n }, () => next() * size);
  const y = Float64Array.from({ length: n }, () => next() * size);
  return { x, y };
}

function voronoiTimes(): Record<string, number> {
  const next = random(1);
  const size = 20; // 2.5 persons per m2
  const { x, y } = crowd(1000, size, next);
  const open = boxPolygon({ minX: 0, minY: 0, maxX: size, maxY: size });
  const walls = pillarFloor(size, 5);
  const area = partitionConvex(boxPolygon({ minX: 5, minY: 5, maxX: 15, maxY: 15 }));
  const of = (floor: Polygon, limit?: typeof cutOff): number => {
    const tessellation = new VoronoiTessellation(floor, limit);
    return time(60, () => {
      voronoiDensity(tessellation.compute(x, y), area);
    });
  };
  return {
    voronoi_1000_ms: of(open, cutOff),
    voronoi_1000_no_cutoff_ms: of(open),
    voronoi_1000_16_pillars_ms: of(walls, cutOff),
  };
}

/** Every measure of one floor, frame by frame, as the processors would ask for them. */
class Venue {
  readonly size = 100; // 2 persons per m2
  readonly persons = 20_000;
  readonly hz = 10;
  readonly spent = new Map<string, number>();
  private readonly next = random(2);
  private readonly ids = Float64Array.from({ length: this.persons }, (_, i) => i);
  private readonly at = crowd(this.persons, this.size, this.next);
  private readonly vx = Float64Array.from(this.at.x, () => this.next() - 0.3);
  private readonly vy = Float64Array.from(this.at.x, () => this.next() - 0.5);
  private readonly speed = this.vx.map((v, i) => Math.sqrt(v * v + this.vy[i] * this.vy[i]));
  private readonly zones = this.boxes();
  private readonly set = new ZoneSet(this.zones);
  private readonly tessellation = new VoronoiTessellation(pillarFloor(this.size, 20), cutOff);
  private readonly lines = new LineCounter(this.zones.map((z) => edge(z)));
  private readonly grid = createGrid({ minX: 0, minY: 0, maxX: this.size, maxY: this.size }, 1);
  private readonly dwell = this.zones.map(() => new DwellTracker());
  private readonly history = this.zones.map(() => ({ vx: [] as number[], vy: [] as number[] }));
  private frame = 0;
  /** a value made of every result, so that nothing is optimised away */
  checksum = 0;

  private boxes(): Polygon[] {
    return Array.from({ length: 100 }, (_, k) => {
      const [minX, minY] = [10 * (k % 10), 10 * Math.floor(k / 10)];
      return boxPolygon({ minX, minY, maxX: minX + 10, maxY: minY + 10 });
    });
  }

  private step(what: string, run: () => number): void {
    const from = process.cpuUsage();
    this.checksum += run();
    const used = process.cpuUsage(from);
    this.spent.set(what, (this.spent.get(what) ?? 0) + (used.user + used.system) / 1e6);
  }

  advance(): void {
    const { x, y } = this.at;
    const { vx, vy, persons, size } = this;
    for (let i = 0; i < persons; i++) {
      x[i] += vx[i] / this.hz;
      y[i] += vy[i] / this.hz;
      if (x[i] < 0 || x[i] > size) vx[i] = -vx[i];
      if (y[i] < 0 || y[i] > size) vy[i] = -vy[i];
    }
    this.frame++;
  }

  measure(): void {
    const { x, y } = this.at;
    const { vx, vy, zones, set } = this;
    const seconds = this.frame / this.hz;
    let members: Int32Array = new Int32Array(0);
    let start: Int32Array = new Int32Array(0);
    this.step('zones: counts, density, mean speed, level of service', () => {
      ({ start, members } = set.locate(x, y));
      let sum = 0;
      for (let z = 0; z < zones.length; z++) {
        let speed = 0;
        for (let k = start[z]; k < start[z + 1]; k++) speed += this.speed[members[k]];
        const count = start[z + 1] - start[z];
        const density = count / set.zones[z].area;
        sum += speed / Math.max(1, count) + levelByDensity(density).length;
      }
      return sum;
    });
    this.step('Voronoi density and speed per zone', () => {
      const { density, speed } = set.voronoi(this.tessellation.compute(x, y), this.speed);
      return density[0] + speed[0];
    });
    this.step('100 lines: crossings, flow, stop-and-go', () => {
      const crossings = this.lines.update(seconds, this.ids, x, y);
      const flow = crossings.length / (this.lines.lines.length * 10 * 0.1);
      return crossings.length + levelByFlow(flow * 60).length + (isStopAndGo(flow, 2) ? 1 : 0);
    });
    this.step('pressure, counterflow, dispersal per zone', () => {
      let sum = 0;
      for (let z = 0; z < zones.length; z++) {
        const group = members.subarray(start[z], start[z + 1]);
        const n = group.length;
        const [gx, gy, gvx, gvy] = [x, y, vx, vy].map((c) => {
          const g = new Float64Array(n);
          for (let k = 0; k < n; k++) g[k] = c[group[k]];
          return g;
        });
        const m = emptyMoments();
        for (let k = 0; k < n; k++) addVelocity(m, gvx[k], gvy[k]);
        const history = this.history[z];
        history.vx.push(m.sumX / n);
        history.vy.push(m.sumY / n);
        if (history.vx.length > 60 * this.hz) {
          history.vx.shift();
          history.vy.shift();
        }
        sum += crowdPressure(n / set.zones[z].area, m);
        sum += counterflow(gvx, gvy)?.index ?? 0;
        sum += dispersal(gx, gy, gvx, gvy)?.rate ?? 0;
      }
      return sum;
    });
    this.step('1 m grid profile and congestion', () => {
      const profile = gridProfile(this.grid, x, y, vx, vy);
      return profile.density[0] + (congestion(this.grid, profile.vx, profile.vy, 2)?.level ?? 0);
    });
    this.step('dwell and loitering per zone', () => {
      let sum = 0;
      for (let z = 0; z < zones.length; z++) {
        sum += this.dwell[z].update(seconds, members.subarray(start[z], start[z + 1])).length;
        if (this.frame % this.hz === 0) sum += this.dwell[z].loiterers().length;
      }
      return sum;
    });
    if (this.frame % this.hz === 0) {
      this.step('oscillation per zone, once a second', () => {
        let sum = 0;
        for (const { vx: hx, vy: hy } of this.history) {
          const o = detectOscillation(
            hx.map((_, k) => k / this.hz),
            hx,
            hy,
          );
          sum += o.state === 'unknown' ? 0 : o.frequency;
        }
        return sum;
      });
    }
  }

  /** Fill a minute of history without measuring it. */
  prime(): void {
    const next = random(3);
    for (const h of this.history) {
      for (let k = 0; k < 60 * this.hz; k++) {
        h.vx.push(next() * 0.1);
        h.vy.push(next() * 0.1);
      }
    }
  }
}

function edge(zone: Polygon): Segment {
  const r = zone.exterior;
  return { ax: r[2], ay: r[3], bx: r[4], by: r[5] };
}

function liveCost(seconds: number): { total: number[]; parts: Map<string, number>; checksum: number } {
  const venue = new Venue();
  venue.prime();
  for (let k = 0; k < venue.hz; k++) {
    venue.advance();
    venue.measure();
  }
  venue.spent.clear();
  const total: number[] = [];
  for (let s = 0; s < seconds; s++) {
    const before = [...venue.spent.values()].reduce((a, b) => a + b, 0);
    for (let k = 0; k < venue.hz; k++) {
      venue.advance();
      venue.measure();
    }
    total.push([...venue.spent.values()].reduce((a, b) => a + b, 0) - before);
  }
  for (const [what, spent] of venue.spent) venue.spent.set(what, spent / seconds);
  return { total, parts: venue.spent, checksum: venue.checksum };
}

/** Prints the table and returns medians; `checksum` only shows that the work was done. */
export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const voronoi = voronoiTimes();
  const next = random(4);
  const many = crowd(20_000, 100, next);
  const zone = boxPolygon({ minX: 20, minY: 20, maxX: 60, maxY: 60 });
  const classic = time(30, () => {
    classicDensity(zone, many.x, many.y);
  });
  const live = liveCost(7);
  const figures: Record<string, number | string> = {
    ...voronoi,
    classic_density_20000_ms: classic,
    all_measures_cpu_s_per_s: median(live.total),
    all_measures_cpu_s_per_s_worst: Math.max(...live.total),
  };
  console.log('\n1,000 persons at 2.5 per m2, Voronoi cells and the density of one area, median of 60, ms');
  for (const [name, ms] of Object.entries(voronoi)) console.log(`  ${name.padEnd(34)} ${ms.toFixed(2)}`);
  console.log('\n20,000 persons, 100 zones, 100 lines, 10 Hz, 25 pillars: CPU seconds per second of crowd');
  for (const [what, s] of live.parts) console.log(`  ${what.padEnd(54)} ${s.toFixed(3)}`);
  console.log(`  ${'all of it, median of 7'.padEnd(54)} ${median(live.total).toFixed(3)}`);
  console.log(`  ${'worst'.padEnd(54)} ${Math.max(...live.total).toFixed(3)}`);
  for (const [name, value] of Object.entries(figures))
    if (typeof value === 'number') figures[name] = Math.round(value * 1e4) / 1e4;
  return { ...figures, checksum: live.checksum.toPrecision(6) };
}
