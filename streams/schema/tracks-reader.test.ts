import fc from 'fast-check';
import { expect, it } from 'vitest';
import { messageOf } from '../errors.ts';
import { decodeTracks, emptyTrackFrame, encodeTracks, TracksReader } from './tracks.ts';

/** What a way of reading says of a payload: the header and columns, or why it refuses it. */
function said(read: () => object): unknown {
  try {
    return read();
  } catch (error) {
    return messageOf(error);
  }
}

it('a reader that has read other frames before accepts and refuses exactly what decodeTracks does', () => {
  const head = fc.record({
    epochMs: fc.nat(4_102_444_800),
    level: fc.integer({ min: -3, max: 3 }),
    seq: fc.nat(),
    clock: fc.boolean(),
  });
  const damage = fc.option(fc.tuple(fc.nat(60), fc.nat(255)));
  const cut = fc.option(fc.nat(60), { freq: 8 });
  const frame = fc.tuple(head, fc.nat(4), damage, cut);
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 8 }), (frames) => {
      const reader = new TracksReader();
      for (const [of, count, harm, end] of frames) {
        let payload = encodeTracks(emptyTrackFrame(of, of.clock ? 0 : count));
        if (harm !== null && harm[0] < payload.byteLength) payload[harm[0]] = harm[1];
        if (end !== null) payload = payload.slice(0, end);
        const decoded = said(() => {
          const { epochMs, level, seq, clock, count: persons, x } = decodeTracks(payload);
          return { epochMs, level, seq, clock, persons, x: [...x] };
        });
        const read = said(() => {
          reader.read(payload);
          const { epochMs, level, seq, clock, count: persons, flat } = reader;
          return { epochMs, level, seq, clock, persons, x: [...flat.subarray(persons, 2 * persons)] };
        });
        expect(read).toEqual(decoded);
      }
    }),
    { numRuns: 1_000 },
  );
});
