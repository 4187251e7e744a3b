// The reference measures of a recorded scene, frame by frame from the stream: what `tidewatch measure --stream` runs.
// Frames are put in order, each waits until the tracks in it have gone on for the speed's frame step (or have ended), and
// then gives one win.scene message with the very numbers that measuring the whole recording at once gives.

import { map } from 'rxjs';
import {
  classicDensity,
  frameVoronoi,
  meanSpeed,
  type Scene,
  VoronoiTessellation,
} from '#models/crowd/index.ts';
import { partitionConvex } from '#models/geometry/index.ts';
import { type Output, type Partition, type Processor, rxPartition } from '#processors/runtime/index.ts';
import { StreamsError } from '#streams/errors.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import { eventType, sceneKind } from '#streams/schema/registry.ts';
import { TracksReader } from '#streams/schema/tracks.ts';
import { CLOCK_SOURCE, windowSubject } from '#streams/subjects.ts';
import { STREAM } from '#streams/topology.ts';
import type { TimeBounds } from '../shared/bounds.ts';
import { type TracksInput, tracksDecoder } from '../shared/input.ts';
import { LateNotices } from '../shared/late.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import { FrameSequencer, type SequencedFrame } from '../shared/sequencer.ts';
import { ByteReader, ByteWriter } from '../window/bytes.ts';
import { type PendingFrame, SceneTracks } from './tracks.ts';

/** A scene as it is streamed: one camera over the walkable floor. */
export interface StreamedScene {
  readonly org: string;
  readonly venue: string;
  readonly scene: Scene;
  readonly bounds: TimeBounds;
  /** A track unseen for longer, ms of event time, has ended. More than any gap inside a track of the recording. */
  readonly trackGapMs: number;
}

export const SCENE_CAMERA = 'recording';
const KEY = 'frame';
const STATE_VERSION = 1;

export function scenePartition(streamed: StreamedScene): Partition<TracksInput> {
  const { org, venue, scene, bounds, trackGapMs } = streamed;
  const tickMs = Math.max(1, Math.round(1000 / scene.frameRate));
  const sequencer = new FrameSequencer({
    ...bounds,
    tickMs,
    sources: [
      { name: SCENE_CAMERA, kind: 'frames', rateHz: scene.frameRate },
      { name: CLOCK_SOURCE, kind: 'clock' },
    ],
  });
  const notices = new LateNotices('scene', { org, id: venue }, [SCENE_CAMERA, CLOCK_SOURCE]);
  const tracks = new SceneTracks(scene.line, scene.speedFrameStep, scene.frameRate);
  const tessellation = new VoronoiTessellation(scene.walkable, scene.cutOff);
  const area = partitionConvex(scene.area);
  const reader = new TracksReader();
  let pending: PendingFrame[] = [];

  function take({ source, payload }: TracksInput, outputs: Output[]): void {
    reader.reread(payload);
    const { epochMs, seq, count } = reader;
    const before = sequencer.releasedToMs;
    for (const tick of sequencer.push({ source, epochMs, seq, samples: count, payload }))
      for (const frame of tick.frames) if (frame.source === 0) add(frame);
    if (sequencer.releasedToMs > before) {
      tracks.endBefore(sequencer.releasedToMs - trackGapMs);
      while (pending.length > 0 && pending[0]!.open === 0) outputs.push(measure(pending.shift()!));
    }
    const { late, rejected } = sequencer;
    sequencer.late = [];
    sequencer.rejected = [];
    notices.append({ late, rejected, gaps: [] }, outputs);
  }

  function add({ epochMs, seq: frame, payload }: SequencedFrame): void {
    reader.reread(payload);
    const { count, ids } = reader;
    if (count === 0) return;
    const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => ids[a]! - ids[b]!);
    const exact = reader.exactPositions();
    const unknown = () => new Float64Array(count).fill(Number.NaN);
    const one: PendingFrame = {
      frame,
      epochMs,
      id: Float64Array.from(order, (i) => ids[i]!),
      x: Float64Array.from(order, (i) => exact[i]!),
      y: Float64Array.from(order, (i) => exact[count + i]!),
      speed: unknown(),
      vx: unknown(),
      vy: unknown(),
      crossed: [],
      open: count,
    };
    pending.push(one);
    tracks.add(one);
  }

  function measure({ frame, epochMs, id, x, y, speed, vx, vy, crossed }: PendingFrame): Output {
    const voronoi = frameVoronoi(tessellation, area, x, y, speed);
    const subject = windowSubject('scene', org, venue, KEY);
    const messageId = `${subject}|${frame}`;
    const payload = sceneKind.codec.encode({
      org,
      venue,
      frame,
      epochMs,
      id: [...id],
      x: [...x],
      y: [...y],
      speed: knownOrNull(speed),
      vx: knownOrNull(vx),
      vy: knownOrNull(vy),
      classicDensity: classicDensity(scene.area, x, y),
      voronoiDensity: voronoi.density,
      meanSpeed: knownOrNull([meanSpeed(scene.area, x, y, speed)])[0]!,
      voronoiSpeed: voronoi.speed,
      withoutCell: voronoi.withoutCell,
      crossed,
    });
    const headers = cloudEventHeaders({
      id: messageId,
      source: '/processors/scene',
      type: eventType(sceneKind),
      epochMs,
      dataSchema: sceneKind.name,
    });
    return { subject, messageId, payload, headers };
  }

  return rxPartition<TracksInput>({
    pipeline: map((inputs) => {
      const outputs: Output[] = [];
      for (const input of inputs) take(input, outputs);
      return outputs;
    }),
    snapshot() {
      const writer = new ByteWriter();
      const waiting = new Set(pending);
      // Rows look back at frames that have been issued.
      const frames = [...new Set([...tracks.frames(), ...waiting])].sort((a, b) => a.frame - b.frame);
      writer.uint(frames.length);
      for (const one of frames) {
        writer.u8(waiting.has(one) ? 1 : 0);
        writeFrame(writer, one);
      }
      tracks.write(writer);
      return joinSections([sequencer.snapshot(), writer.bytes()]);
    },
    restore(bytes) {
      const [ordered, own] = splitSections(bytes, 2);
      sequencer.restore(ordered!);
      const from = new ByteReader(own!);
      const frames = new Map<number, PendingFrame>();
      pending = [];
      for (let left = from.uint(); left > 0; left--) {
        const waits = from.u8() === 1;
        const one = readFrame(from);
        frames.set(one.frame, one);
        if (waits) pending.push(one);
      }
      tracks.read(from, frames);
    },
    figures: () => ({
      ...(Number.isFinite(sequencer.watermarkMs) && { watermarkMs: sequencer.watermarkMs }),
      duplicates_total: sequencer.duplicates,
      dropped_total: 0,
      waiting: pending.length,
    }),
  });
}

function knownOrNull(values: ArrayLike<number>): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}

function writeFrame(writer: ByteWriter, one: PendingFrame): void {
  writer.uint(one.frame);
  writer.uint(one.epochMs);
  writer.uint(one.open);
  writer.uint(one.id.length);
  for (const column of [one.id, one.x, one.y, one.speed, one.vx, one.vy])
    for (const value of column) writer.f64(value);
  writer.uint(one.crossed.length);
  for (const id of one.crossed) writer.uint(id);
}

function readFrame(reader: ByteReader): PendingFrame {
  const [frame, epochMs, open, count] = [reader.uint(), reader.uint(), reader.uint(), reader.uint()];
  const column = () => Float64Array.from({ length: count }, () => reader.f64());
  const [id, x, y, speed, vx, vy] = [column(), column(), column(), column(), column(), column()];
  const crossed = Array.from({ length: reader.uint() }, () => reader.uint());
  return { frame, epochMs, open, id, x, y, speed, vx, vy, crossed };
}

/**
 * The processor of one streamed scene. Its decoder throws StreamsError `frame-malformed` for a camera frame without exact
 * positions: f32 would move people over borders by half a micrometre.
 */
export function sceneProcessor(streamed: StreamedScene): Processor<TracksInput> {
  const { org, venue, scene } = streamed;
  const name = { zh: '场景', en: 'scene' };
  const decode = tracksDecoder({
    org,
    id: venue,
    cameras: [
      {
        id: SCENE_CAMERA,
        level: 0,
        name,
        x: 0,
        y: 0,
        coverage: scene.walkable,
        framesPerSecond: scene.frameRate,
      },
    ],
  });
  const head = new TracksReader();
  return {
    name: 'scene',
    stateVersion: STATE_VERSION,
    input: { stream: STREAM.tracks, filters: [`obs.tracks.${org}.${venue}.*`] },
    outputs: [`win.scene.${org}.${venue}.*`, `late.scene.${org}.${venue}.*`],
    decode(message) {
      const input = decode(message);
      head.reread(input.payload);
      if (!head.clock && !head.exact) {
        throw new StreamsError(
          'frame-malformed',
          'a frame of a recorded scene has no exact positions',
          'set them in the tracks frame',
        );
      }
      return input;
    },
    create: () => scenePartition(streamed),
  };
}
