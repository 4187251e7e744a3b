// Kind: the reference measures of one frame of a recorded scene.
import { z } from 'zod';
import { type SceneFrame, sceneCodec, sceneFrame } from '../scene.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, type MessageKind } from './kind.ts';

export const sceneKind: MessageKind<SceneFrame> = {
  name: 'win.scene',
  address: 'win.scene.{org}.{venue}.{key}',
  version: 1,
  title: 'Reference measures of one frame of a recorded scene',
  encoding: 'json',
  codec: sceneCodec,
  example: {
    org: 'measure',
    venue: 'bottleneck',
    frame: 25,
    epochMs: EXAMPLE_MS,
    id: [3, 7],
    x: [0.1, -1.5],
    y: [0.25, 1 / 3],
    speed: [1.25, null],
    vx: [-1, null],
    vy: [0.75, null],
    classicDensity: 0.125,
    voronoiDensity: 0.1,
    meanSpeed: 1.25,
    voronoiSpeed: 0.0625,
    withoutCell: 0,
    crossed: [3],
  },
  jsonSchema: () => z.toJSONSchema(sceneFrame),
};

/** Recorded scenes. */
export const SCENE_KINDS: readonly AnyMessageKind[] = [erased(sceneKind)];
