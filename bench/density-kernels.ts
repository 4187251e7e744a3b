// Zone assignment and raster of the density processor, alone, on the demonstration stadium: positions per second, and
// milliseconds for one tick of 20,000 persons seen in one and in five frames. Times are of the processor, not of the
// clock on the wall: the work is one thread without waiting, and what else runs on the machine is not its doing.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseVenue, type Venue } from '#models/venue/index.ts';
import { DensityRaster, type FramePositions } from '#processors/density/raster.ts';
import { createZoneIndex, type ZoneIndex } from '#processors/density/zones.ts';

const POSITIONS = 200_000;
const PERSONS = 20_000;
const FRAMES = 5;
const RUNS = 15;
const SEED = 20_260_601;

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const file = fileURLToPath(new URL('../venues/harbour-stadium.geojson', import.meta.url));
  const venue = parseVenue(await readFile(file, 'utf8'));
  const random = generator(SEED);
  const level = venue.levels[0]!;
  const index = createZoneIndex(venue, level.ordinal);
  const out = new Int32Array(POSITIONS);

  const rate = ({ x, y }: { x: Float32Array; y: Float32Array }): number => {
    const ms = median(() => index.assign(x, y, POSITIONS, out));
    return POSITIONS / ms / 1000;
  };
  const anywhere = rate(uniform(venue, POSITIONS, random));
  const inside = rate(awayFromEdges(index, uniform(venue, 4 * POSITIONS, random), POSITIONS));
  const atEdges = rate(nearEdges(venue, level.ordinal, POSITIONS, random));
  const raster = new DensityRaster(level);
  const floor = onFloor(raster, PERSONS, random);
  const one = tickMs(raster, [floor]);
  const five = tickMs(
    raster,
    Array.from({ length: FRAMES }, () => floor),
  );
  const writing = median(() => raster.frame({ epochMs: 0, completeness: 1, revision: 0 }));

  const cells = `${raster.width} x ${raster.height} cells`;
  console.log(`${venue.id}: ${index.zones.length} zones, ${cells}, medians of ${RUNS} runs`);
  console.table({
    'zones, anywhere': { 'M positions/s': round(anywhere) },
    'zones, none within 0.8 m of an edge': { 'M positions/s': round(inside) },
    'zones, all within 0.1 m of an edge': { 'M positions/s': round(atEdges) },
    [`raster tick, ${PERSONS} persons, 1 frame`]: { ms: round(one) },
    [`raster tick, ${PERSONS} persons, ${FRAMES} frames`]: { ms: round(five) },
    'writing the raster out': { ms: round(writing) },
  });
  return {
    zones_m_positions_per_s: round(anywhere),
    zones_plain_m_positions_per_s: round(inside),
    zones_edge_m_positions_per_s: round(atEdges),
    raster_tick_ms: round(one),
    raster_tick_five_frames_ms: round(five),
    raster_frame_ms: round(writing),
  };
}

function tickMs(raster: DensityRaster, frames: readonly FramePositions[]): number {
  return median(() => {
    raster.clear();
    raster.add(frames);
  });
}

/** Median processor time of a run, ms, after two unmeasured ones. */
function median(work: () => void): number {
  const times: number[] = [];
  for (let k = -2; k < RUNS; k++) {
    const from = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(from);
    if (k >= 0) times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
}

function uniform(venue: Venue, count: number, random: () => number) {
  const xs = venue.zones.flatMap(({ area }) => Array.from(area.exterior.filter((_, i) => i % 2 === 0)));
  const ys = venue.zones.flatMap(({ area }) => Array.from(area.exterior.filter((_, i) => i % 2 === 1)));
  const [minX, minY] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - minX, Math.max(...ys) - minY];
  return {
    x: Float32Array.from({ length: count }, () => minX + random() * width),
    y: Float32Array.from({ length: count }, () => minY + random() * height),
  };
}

/** `count` of the points (again from the first, if too few) with the same zones around them as at them. */
function awayFromEdges(index: ZoneIndex, points: { x: Float32Array; y: Float32Array }, count: number) {
  const around = [-0.8, 0, 0.8].flatMap((dx) => [-0.8, 0, 0.8].map((dy) => [dx, dy] as const));
  const sets = around.map(([dx, dy]) => {
    const out = new Int32Array(points.x.length);
    index.assign(
      points.x.map((v) => v + dx),
      points.y.map((v) => v + dy),
      out.length,
      out,
    );
    return out;
  });
  const kept: number[] = [];
  for (let i = 0; i < points.x.length; i++) if (sets.every((set) => set[i] === sets[0]![i])) kept.push(i);
  const of = (column: Float32Array) =>
    Float32Array.from({ length: count }, (_, i) => column[kept[i % kept.length]!]!);
  return { x: of(points.x), y: of(points.y) };
}

function nearEdges(venue: Venue, level: number, count: number, random: () => number) {
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  const rings = venue.zones.filter((zone) => zone.level === level).map(({ area }) => area.exterior);
  for (let i = 0; i < count; i++) {
    const ring = rings[i % rings.length]!;
    const from = 2 * Math.floor((random() * ring.length) / 2);
    const to = (from + 2) % ring.length;
    const t = random();
    x[i] = ring[from]! + t * (ring[to]! - ring[from]!) + 0.2 * random() - 0.1;
    y[i] = ring[from + 1]! + t * (ring[to + 1]! - ring[from + 1]!) + 0.2 * random() - 0.1;
  }
  return { x, y };
}

function onFloor(raster: DensityRaster, count: number, random: () => number): FramePositions {
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  for (let i = 0; i < count; ) {
    const column = Math.floor(random() * raster.width);
    const row = Math.floor(random() * raster.height);
    if (raster.floor[row * raster.width + column] !== 1) continue;
    x[i] = raster.originX + (column + random()) * raster.cellM;
    y[i] = raster.originY + (row + random()) * raster.cellM;
    i++;
  }
  return { count, x, y };
}

/** Mulberry32: a small seeded generator, so that every run sees the same crowd. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;
