// What the FUSED stream holds of frames that go through fusion, as input of the processors that read it: for tests.
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import { fusedClockSubject } from '#streams/subjects.ts';
import type { TracksInput } from '../../shared/input.ts';
import { fusionPartition } from '../index.ts';
import { type FusedInput, fusedDecoder } from './input.ts';

/**
 * @param dead true for inputs that come while fusion is dead: it works them off as soon as it lives again. The venue's clock
 *   reaches the stream without it.
 */
export function fusedStream(
  venue: Venue,
  inputs: readonly TracksInput[],
  dead: (input: TracksInput) => boolean = () => false,
): FusedInput[] {
  const decode = fusedDecoder(venue);
  const read = ({ subject, payload }: Pick<Output, 'subject' | 'payload'>): FusedInput =>
    decode({ subject, data: payload });
  const fusion = fusionPartition(venue);
  const backlog: TracksInput[] = [];
  const stream: FusedInput[] = [];
  for (const input of inputs) {
    if (input.source === venue.cameras.length)
      stream.push(read({ subject: fusedClockSubject(venue.org, venue.id), payload: input.payload }));
    backlog.push(input);
    if (dead(input)) continue;
    const outputs = fusion.onBatch(backlog.splice(0));
    stream.push(...outputs.filter(({ subject }) => subject.startsWith('fused.')).map(read));
  }
  return stream;
}
