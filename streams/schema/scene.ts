// win.scene: the reference measures of one frame of a recorded scene, as JSON. Numbers survive bit for bit (JSON's shortest
// form of a double reads back as the same double; -0 is written as -0), so that live figures can equal offline ones.
import { z } from 'zod';
import { type Codec, jsonCodec } from './json.ts';

const unknownable = z.array(z.number().nullable());

export const sceneFrame = z.object({
  org: z.string(),
  venue: z.string(),
  /** The recording's frame number since its first frame, and its event time. */
  frame: z.number().int().nonnegative(),
  epochMs: z.number().int().nonnegative(),
  /** Persons, ascending by id, and their positions in metres. */
  id: z.array(z.number().int().nonnegative()),
  x: z.array(z.number()),
  y: z.array(z.number()),
  /** m/s; null where the track is too short. */
  speed: unknownable,
  vx: unknownable,
  vy: unknownable,
  /** p/m2 */
  classicDensity: z.number(),
  voronoiDensity: z.number(),
  /** m/s; null when nobody inside has a speed. */
  meanSpeed: z.number().nullable(),
  voronoiSpeed: z.number(),
  /** Persons outside the walkable area, who have no Voronoi cell. */
  withoutCell: z.number().int().nonnegative(),
  /** Ids of those who completed their first crossing of the line in this frame. */
  crossed: z.array(z.number().int().nonnegative()),
});

export type SceneFrame = z.infer<typeof sceneFrame>;

const encoder = new TextEncoder();
const plain = jsonCodec('win.scene', sceneFrame);

/** JSON.stringify writes -0 as 0; this keeps its sign. */
function json(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  return JSON.stringify(value);
}

export const sceneCodec: Codec<SceneFrame> = {
  encode(frame) {
    const fields = Object.entries(sceneFrame.parse(frame));
    return encoder.encode(
      `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${json(value)}`).join(',')}}`,
    );
  },
  decode: (payload) => plain.decode(payload),
};
