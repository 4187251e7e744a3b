// Trajectories for measuring: id,frame,x,y in metres as CSV, or any format the sources know, on the scene's frames.

import { createTrajectories, MeasureError, type Trajectories } from '#models/crowd/index.ts';
import {
  type ReadOptions,
  type Trajectories as Recording,
  readTrajectories,
  TrajectoryError,
} from '#streams/sources/trajectories/index.ts';
import { isPlainCsv, readTrajectoryCsv } from './read-csv.ts';

export type ReadChoice = Pick<ReadOptions, 'format' | 'unit' | 'homography'>;

/**
 * Trajectories of a file at the scene's frame rate. CSV with columns id, frame, x, y is taken as metres at the
 * scene's frames; other files say their unit and rate, or `choice` does.
 * @throws MeasureError or TrajectoryError naming the file, the place and what to do
 */
export async function readForScene(
  file: string,
  frameRate: number,
  choice: ReadChoice = {},
): Promise<Trajectories> {
  const chosen = Object.values(choice).some((v) => v !== undefined);
  if (!chosen && (await isPlainCsv(file))) return readTrajectoryCsv(file, frameRate);
  const recording = await readWithRate(file, frameRate, choice);
  return onSceneFrames(recording, frameRate, file);
}

/** The file's own rate where it says one, else the scene's. */
async function readWithRate(file: string, frameRate: number, choice: ReadChoice): Promise<Recording> {
  try {
    return await readTrajectories(file, choice);
  } catch (error) {
    if (!(error instanceof TrajectoryError)) throw error;
    // a file that says no rate is read at the scene's; any other fault comes again, and is thrown
    return readTrajectories(file, { ...choice, framesPerSecond: frameRate });
  }
}

/**
 * Rows on the scene's frames: as numbered when the file's rate is the scene's; counted in observations from the
 * first when one observation is one frame of the scene (video frames 1, 11, 21 at 25/s are frames 0, 1, 2 at 2.5/s).
 * @throws MeasureError when the rates do not fit together
 */
export function onSceneFrames(recording: Recording, frameRate: number, file: string): Trajectories {
  const { ids, frames, x, y, framesPerSecond, frameStep } = recording;
  const same = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(a, b);
  if (same(framesPerSecond, frameRate))
    return createTrajectories({ id: ids, frame: frames, x, y, frameRate });
  if (!same(framesPerSecond / frameStep, frameRate))
    throw new MeasureError(
      `${file} has ${framesPerSecond} frames per second, one observation in ${frameStep} frames, ` +
        `but the scene says ${frameRate}; correct frame_rate in the scene description`,
    );
  const first = frames[0];
  const frame = Float64Array.from(frames, (f, i) => {
    const k = (f - first) / frameStep;
    if (!Number.isInteger(k))
      throw new MeasureError(
        `${file}: frame ${f} of person ${ids[i]} is not a multiple of ${frameStep} after ${first}; ` +
          'give a scene at the rate of the frame numbers',
      );
    return k;
  });
  return createTrajectories({ id: ids, frame, x, y, frameRate });
}
