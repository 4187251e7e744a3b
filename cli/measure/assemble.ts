// The measures of a whole scene from the streamed results of its frames, in the form that files are written from.
import {
  type Crossing,
  countGrids,
  createTrajectories,
  cumulativeCrossings,
  MeasureError,
  type Scene,
  type SceneMeasures,
  type Trajectories,
} from '#models/crowd/index.ts';
import type { SceneFrame } from '#streams/schema/scene.ts';

/**
 * @param results one per frame with persons, in any order
 * @param ids of the recording by the number they travelled under
 * @throws MeasureError when a frame is there twice, or persons or frames are missing
 */
export function assembleScene(
  results: readonly SceneFrame[],
  scene: Scene,
  ids: Float64Array,
  firstFrame: number,
): { trajectories: Trajectories; measures: SceneMeasures } {
  if (results.length === 0) throw new MeasureError('no frame came back from the stream');
  const frames = results.toSorted((a, b) => a.frame - b.frame);
  const twice = frames.findIndex(({ frame }, k) => k > 0 && frames[k - 1].frame === frame);
  if (twice >= 0) throw new MeasureError(`the result of frame ${frames[twice].frame} came twice`);
  const trajectories = createTrajectories({
    id: frames.flatMap(({ id }) => id.map((number) => ids[number])),
    frame: frames.flatMap(({ frame, id }) => id.map(() => frame + firstFrame)),
    x: frames.flatMap(({ x }) => x),
    y: frames.flatMap(({ y }) => y),
    frameRate: scene.frameRate,
  });
  const count = frames.at(-1)!.frame - frames[0].frame + 1;
  const series = (value: (frame: SceneFrame) => number | null): Float64Array => {
    const values = new Float64Array(count);
    for (const one of frames) values[one.frame - frames[0].frame] = value(one) ?? Number.NaN;
    return values;
  };
  const column = (of: (frame: SceneFrame) => readonly (number | null)[]): Float64Array =>
    Float64Array.from(
      frames.flatMap((one) => of(one)),
      (value) => value ?? Number.NaN,
    );
  const crossings = frames
    .flatMap(({ frame, crossed }): Crossing[] =>
      crossed.map((number) => ({ id: ids[number], frame: frame + firstFrame })),
    )
    .sort((a, b) => a.frame - b.frame || a.id - b.id);
  const { grid, counts } = countGrids(trajectories, scene.walkable);
  const from = frames[0].frame + firstFrame;
  return {
    trajectories,
    measures: {
      firstFrame: from,
      classicDensity: series(({ classicDensity }) => classicDensity),
      voronoiDensity: series(({ voronoiDensity }) => voronoiDensity),
      velocities: {
        speed: column(({ speed }) => speed),
        vx: column(({ vx }) => vx),
        vy: column(({ vy }) => vy),
      },
      meanSpeed: series(({ meanSpeed }) => meanSpeed),
      voronoiSpeed: series(({ voronoiSpeed }) => voronoiSpeed),
      crossings,
      cumulative: cumulativeCrossings(crossings, from, from + count - 1),
      grid,
      gridCounts: counts,
      rowsWithoutCell: frames.reduce((sum, { withoutCell }) => sum + withoutCell, 0),
    },
  };
}
