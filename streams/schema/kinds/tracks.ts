// Kinds: frames of tracked persons, from a source and after fusion of overlapping views.
import { decodeTracks, emptyTrackFrame, encodeTracks, type TrackFrame } from '../tracks.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, type MessageKind, SOURCE } from './kind.ts';

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

/** Frames of tracked persons. */
export const TRACKS_KINDS: readonly AnyMessageKind[] = [erased(tracksKind), erased(fusedKind)];
