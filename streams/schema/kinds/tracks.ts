// Kinds: frames of tracked persons, from a source and after fusion of overlapping views.
import { type FusedTick, fusedTick } from '../fused.ts';
import { decodeTracks, emptyTrackFrame, encodeTracks, type TrackFrame } from '../tracks.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, json, type MessageKind, SOURCE } from './kind.ts';

function exampleTracks(): TrackFrame {
  const frame = emptyTrackFrame({ epochMs: EXAMPLE_MS, level: -1, seq: 7 }, 2);
  frame.ids.set([11, 4_294_967_295]);
  frame.x.set([1.5, -20.25]);
  frame.y.set([0, 33.125]);
  frame.vx.set([1.25, Number.NaN]);
  frame.vy.set([-0.5, Number.NaN]);
  frame.confidence.set([0.875, Number.NaN]);
  return frame;
}

export const tracksKind: MessageKind<TrackFrame> = {
  name: 'obs.tracks',
  address: `obs.tracks.${SOURCE}`,
  version: 1,
  title: 'One frame of tracked persons',
  encoding: 'columns',
  codec: { encode: encodeTracks, decode: decodeTracks },
  example: exampleTracks(),
  layout: 'streams/schema/tracks.ts',
};

export const fusedKind: MessageKind<TrackFrame> = {
  name: 'fused',
  address: 'fused.{org}.{venue}.{level}',
  version: 1,
  title: 'The persons of a level after fusing overlapping views',
  encoding: 'columns',
  codec: { encode: encodeTracks, decode: decodeTracks },
  example: exampleTracks(),
  layout: 'streams/schema/tracks.ts',
};

export const fusedTickKind: MessageKind<FusedTick> = json(
  'fused.tick',
  'fused.{org}.{venue}.tick',
  'A tick of the fusion is complete, and which cameras it was made from',
  fusedTick,
  {
    org: 'sports-bureau',
    venue: 'stadium',
    start: EXAMPLE_MS - 500,
    end: EXAMPLE_MS,
    levels: [0],
    frames: { 'camera-1': [EXAMPLE_MS - 500, EXAMPLE_MS - 250], 'camera-2': [EXAMPLE_MS - 400] },
  },
);

/** Frames of tracked persons. `fused.tick` stands before `fused`, whose level matches any token. */
export const TRACKS_KINDS: readonly AnyMessageKind[] = [
  erased(tracksKind),
  erased(fusedTickKind),
  erased(fusedKind),
];
