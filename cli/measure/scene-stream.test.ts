// The scene processor against measuring the whole recording at once: the same bits for generated recordings with gaps,
// re-entries and steps of any length, in any order within the bound, doubled, cut into batches and restored.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTrajectories, MeasureError, measureScene, parseScene } from '#models/crowd/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import { scenePartition } from '#processors/scene/index.ts';
import type { TracksInput } from '#processors/shared/input.ts';
import { sceneKind } from '#streams/schema/registry.ts';
import { CLOCK_SOURCE } from '#streams/subjects.ts';
import { assembleScene } from './assemble.ts';
import { type SceneStream, sceneMessages } from './scene-frames.ts';
import { sceneFiles } from './write.ts';

const sceneOf = (frame_rate: number, speed_frame_step: number) =>
  parseScene({
    name: 'made',
    frame_rate,
    walkable: 'POLYGON ((0 0, 12 0, 12 8, 0 8, 0 0), (5 3, 6 3, 6 4, 5 4))',
    area: 'POLYGON ((2 1, 9 1, 9 7, 2 7, 2 1))',
    line: [
      [4, 0],
      [4, 8],
    ],
    speed_frame_step,
    voronoi_cutoff: { radius: 0.8, quad_segments: 3 },
  });
const address = { org: 'measure', venue: 'made' };

function through({ streamed, messages }: SceneStream, batches: readonly number[], every: number): Output[] {
  const inputs = messages.map(
    ({ subject, payload }): TracksInput => ({ source: subject.endsWith(CLOCK_SOURCE) ? 1 : 0, payload }),
  );
  const outputs: Output[] = [];
  let partition = scenePartition(streamed);
  for (let at = 0, batch = 0; at < inputs.length; batch++) {
    const size = batches[batch % batches.length];
    outputs.push(...partition.onBatch(inputs.slice(at, at + size)));
    at += size;
    if (batch % every !== 0) continue;
    const bytes = partition.snapshot();
    partition = scenePartition(streamed);
    partition.restore(bytes);
  }
  return outputs;
}

/** A person's frames as runs of presence, so that tracks have gaps and ends. */
const person = fc.record({
  start: fc.integer({ min: 0, max: 20 }),
  runs: fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 6 })), {
    minLength: 1,
    maxLength: 4,
  }),
  x: fc.double({ min: 0.1, max: 11.9, noNaN: true }),
  y: fc.double({ min: 0.1, max: 7.9, noNaN: true }),
  vx: fc.double({ min: -0.4, max: 0.4, noNaN: true }),
});

it('gives the bits of the whole recording, whatever the order of arrival', () => {
  fc.assert(
    fc.property(
      fc.array(person, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(2.5, 10, 16, 25),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 5, maxLength: 17 }),
      (people, step, rate, batches, every, delays) => {
        const rows = people.flatMap(({ start, runs, x, y, vx }, p) => {
          const out: [number, number, number, number][] = [];
          let frame = start - 3;
          for (const [present, absent] of runs) {
            for (let k = 0; k < present; k++, frame++)
              out.push([10 * p - 5, frame, x + vx * (frame - start), y]);
            frame += absent;
          }
          return out;
        });
        const [id, frame, x, y] = [0, 1, 2, 3].map((c) => rows.map((row) => row[c]));
        const t = createTrajectories({ id, frame, x, y, frameRate: rate });
        const scene = sceneOf(rate, step);
        let turn = 0;
        const stream = sceneMessages(t, scene, address, () => delays[turn++ % delays.length]);
        const outputs = through(stream, batches, every);
        expect(outputs).toHaveLength(stream.frames);
        const results = outputs.map(({ payload }) => sceneKind.codec.decode(payload));
        const live = assembleScene(results, scene, stream.ids, stream.firstFrame);
        expect(live.measures).toEqual(measureScene(t, scene));
        expect(live.trajectories).toEqual(t);
      },
    ),
    { numRuns: 60 },
  );
});

it('keeps the sign of zero, which the files print', () => {
  const scene = sceneOf(10, 1);
  const t = createTrajectories({ id: [1, 1], frame: [0, 1], x: [-0, 1], y: [2, -0], frameRate: 10 });
  const stream = sceneMessages(t, scene, address, () => 0.5);
  const results = through(stream, [5], 2).map(({ payload }) => sceneKind.codec.decode(payload));
  const live = assembleScene(results, scene, stream.ids, stream.firstFrame);
  const [a, b] = [
    sceneFiles(live.trajectories, scene, live.measures),
    sceneFiles(t, scene, measureScene(t, scene)),
  ];
  for (const [name, bytes] of b) expect(a.get(name)!.equals(bytes), name).toBe(true);
});

it('refuses what the wire cannot carry, saying what to do', () => {
  const row = { id: [1], frame: [0], x: [0], y: [0] };
  const far = createTrajectories({ ...row, x: [4.5e6], frameRate: 10 });
  expect(() => sceneMessages(far, sceneOf(10, 1), address, Math.random)).toThrow(/relative to a point/);
  const fast = createTrajectories({ ...row, frameRate: 5000 });
  expect(() => sceneMessages(fast, sceneOf(5000, 1), address, Math.random)).toThrow(MeasureError);
});
