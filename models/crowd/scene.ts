// All reference measures of one recorded scene at once: what `tidewatch measure` writes.
import { z } from 'zod';
import {
  type Box,
  boundingBox,
  type ConvexPartition,
  GeometryError,
  type Polygon,
  parseWktPolygon,
  partitionConvex,
  type Segment,
} from '#models/geometry/index.ts';
import { classicDensity, meanSpeed } from './area.ts';
import { type Crossing, cumulativeCrossings, firstCrossings } from './crossings.ts';
import { MeasureError } from './errors.ts';
import { createGrid, type Grid, gridCounts } from './grid.ts';
import { individualVelocities, type Velocities } from './speed.ts';
import { framesOf, perFrame, type Trajectories } from './trajectories.ts';
import { type CutOff, VoronoiTessellation } from './voronoi.ts';
import { cellAreaInside } from './voronoi-measures.ts';

/** What is measured, and where. */
export type Scene = {
  readonly name: string;
  /** frames per second */
  readonly frameRate: number;
  readonly walkable: Polygon;
  readonly area: Polygon;
  readonly line: Segment;
  /** frames to either side for the individual speed */
  readonly speedFrameStep: number;
  /** undefined: cells reach to the walls */
  readonly cutOff: CutOff | undefined;
};

const pair = z.tuple([z.number(), z.number()]);
const sceneSchema = z.object({
  name: z.string().default('scene'),
  frame_rate: z.number().positive(),
  walkable: z.string(),
  area: z.string(),
  line: z.tuple([pair, pair]),
  speed_frame_step: z.number().int().min(1),
  voronoi_cutoff: z
    .object({ radius: z.number().positive(), quad_segments: z.number().int().min(1).default(3) })
    .nullish(),
});

/**
 * Scene from its JSON description: name, frame_rate, walkable and area (WKT polygons, metres), line [[x,y],[x,y]],
 * speed_frame_step, and voronoi_cutoff {radius, quad_segments} or nothing. Other keys are ignored.
 * @throws MeasureError naming the key that is missing or wrong
 */
export function parseScene(value: unknown): Scene {
  const parsed = sceneSchema.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((i) => `${i.path.join('.') || 'scene'}: ${i.message}`);
    throw new MeasureError(`scene description: ${issues.join('; ')}`);
  }
  const s = parsed.data;
  const polygon = (key: 'walkable' | 'area'): Polygon => {
    try {
      return parseWktPolygon(s[key]);
    } catch (cause) {
      if (!(cause instanceof GeometryError)) throw cause;
      throw new MeasureError(`scene description, ${key}: ${cause.message}`, { cause });
    }
  };
  const [[ax, ay], [bx, by]] = s.line;
  if (ax === bx && ay === by) throw new MeasureError('scene description, line: both ends are the same point');
  return {
    name: s.name,
    frameRate: s.frame_rate,
    walkable: polygon('walkable'),
    area: polygon('area'),
    line: { ax, ay, bx, by },
    speedFrameStep: s.speed_frame_step,
    cutOff: s.voronoi_cutoff
      ? { radius: s.voronoi_cutoff.radius, quadSegments: s.voronoi_cutoff.quad_segments }
      : undefined,
  };
}

/** Series hold one value per frame from `firstFrame` on, frames without persons included. */
export type SceneMeasures = {
  readonly firstFrame: number;
  /** 1/m2 */
  readonly classicDensity: Float64Array;
  readonly voronoiDensity: Float64Array;
  /** m/s; per row of the trajectories */
  readonly velocities: Velocities;
  /** m/s */
  readonly meanSpeed: Float64Array;
  readonly voronoiSpeed: Float64Array;
  readonly crossings: readonly Crossing[];
  readonly cumulative: Int32Array;
  readonly grid: Grid;
  /** frame -> persons per grid cell */
  readonly gridCounts: ReadonlyMap<number, Int32Array>;
  /** rows whose person has no cell: outside the walkable area, and so without Voronoi density */
  readonly rowsWithoutCell: number;
};

/** Side of the cells of the count grid, metres. */
export const countCell = 0.5;

/** Shares of the frames with persons at which the count grid is written. */
export const countFrameShares: readonly number[] = [0.2, 0.4, 0.5, 0.6, 0.8];

/** @throws MeasureError or GeometryError when the input has no meaning */
export function measureScene(t: Trajectories, scene: Scene): SceneMeasures {
  const area = partitionConvex(scene.area);
  const velocities = individualVelocities(t, scene.speedFrameStep, 'single-sided');
  const classic = perFrame(t, ({ from, to }) => classicDensity(scene.area, t.x, t.y, from, to));
  const mean = perFrame(t, ({ from, to }) => meanSpeed(scene.area, t.x, t.y, velocities.speed, from, to));
  const voronoi = measureVoronoi(t, scene, area, velocities.speed);
  const crossings = firstCrossings(t, scene.line);
  const { firstFrame } = classic;
  const lastFrame = firstFrame + classic.values.length - 1;
  const { grid, counts } = countGrids(t, scene.walkable);
  return {
    firstFrame,
    classicDensity: classic.values,
    voronoiDensity: voronoi.density,
    velocities,
    meanSpeed: mean.values,
    voronoiSpeed: voronoi.speed,
    crossings,
    cumulative: cumulativeCrossings(crossings, firstFrame, lastFrame),
    grid,
    gridCounts: counts,
    rowsWithoutCell: voronoi.rowsWithoutCell,
  };
}

/** Persons per cell of the count grid, in the frames at `countFrameShares` of those with persons. */
export function countGrids(
  t: Trajectories,
  walkable: Polygon,
): { grid: Grid; counts: Map<number, Int32Array> } {
  const grid = createGrid(countBox(t, walkable), countCell);
  const frames = framesOf(t);
  const counts = new Map<number, Int32Array>();
  for (const share of countFrameShares) {
    const { frame, from, to } = frames[Math.floor(share * frames.length)];
    counts.set(frame, gridCounts(grid, t.x, t.y, from, to));
  }
  return { grid, counts };
}

/** Voronoi density (1/m2) and speed (m/s) of one frame, and how many of its persons have no cell. */
export type FrameVoronoi = {
  readonly density: number;
  readonly speed: number;
  readonly withoutCell: number;
};

/** @param speed m/s per person, NaN where unknown: such a person adds nothing to the speed */
export function frameVoronoi(
  tessellation: VoronoiTessellation,
  area: ConvexPartition,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  speed: ArrayLike<number>,
): FrameVoronoi {
  const cells = tessellation.compute(x, y);
  let [persons, flow, withoutCell] = [0, 0, 0];
  for (let i = 0; i < cells.count; i++) {
    if (cells.area[i] === 0) {
      withoutCell++;
      continue;
    }
    const inside = cellAreaInside(cells, i, area);
    if (inside === 0) continue;
    persons += inside / cells.area[i];
    const v = speed[i];
    if (!Number.isNaN(v)) flow += (inside * v) / cells.sharedBy[i];
  }
  return { density: persons / area.area, speed: flow / area.area, withoutCell };
}

function measureVoronoi(
  t: Trajectories,
  scene: Scene,
  area: ConvexPartition,
  speed: Float64Array,
): { density: Float64Array; speed: Float64Array; rowsWithoutCell: number } {
  const tessellation = new VoronoiTessellation(scene.walkable, scene.cutOff);
  const weighted = new Float64Array(t.frame[t.frame.length - 1] - t.frame[0] + 1);
  let rowsWithoutCell = 0;
  const density = perFrame(t, ({ frame, from, to }) => {
    const of = frameVoronoi(
      tessellation,
      area,
      t.x.subarray(from, to),
      t.y.subarray(from, to),
      speed.subarray(from, to),
    );
    rowsWithoutCell += of.withoutCell;
    weighted[frame - t.frame[0]] = of.speed;
    return of.density;
  });
  return { density: density.values, speed: weighted, rowsWithoutCell };
}

/**
 * Box of the count grid: the walkable box when it is a whole number of cells from the origin, else the whole metres
 * around all positions.
 */
function countBox(t: Trajectories, walkable: Polygon): Box {
  const box = boundingBox(walkable);
  if ([box.minX, box.minY, box.maxX, box.maxY].every((v) => Number.isInteger(v / countCell))) return box;
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < t.x.length; i++) {
    minX = Math.min(minX, Math.floor(t.x[i]));
    minY = Math.min(minY, Math.floor(t.y[i]));
    maxX = Math.max(maxX, Math.ceil(t.x[i]));
    maxY = Math.max(maxY, Math.ceil(t.y[i]));
  }
  return { minX, minY, maxX: Math.max(maxX, minX + 1), maxY: Math.max(maxY, minY + 1) };
}
