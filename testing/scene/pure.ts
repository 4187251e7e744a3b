// What a processor must say to some messages, without server, runner or checkpoint: for comparing what a real run stored.
import { createHash } from 'node:crypto';
import type { Processor } from '#processors/runtime/index.ts';
import { isStreamsError } from '#streams/errors.ts';
import type { OutgoingMessage } from '#streams/publish.ts';
import { subjectMatches } from '#streams/topology.ts';
import type { Digest } from './digest.ts';

/** Digests of the outputs under `filters`, in order. Messages that cannot be decoded are left out, as quarantine would. */
export function pureOutputs<Input>(
  processor: Processor<Input>,
  messages: readonly OutgoingMessage[],
  filters: readonly string[],
): Digest[] {
  const partition = processor.create();
  const digests: Digest[] = [];
  for (const { subject, payload } of messages) {
    let input: Input;
    try {
      input = processor.decode({ subject, data: payload });
    } catch (error) {
      if (isStreamsError(error)) continue;
      throw error;
    }
    for (const { subject: to, payload: bytes, messageId } of partition.onBatch([input])) {
      if (!filters.some((filter) => subjectMatches(filter, to))) continue;
      const hash = createHash('sha1').update(to).update('\n').update(bytes).digest('base64');
      digests.push({ messageId, subject: to, hash });
    }
  }
  return digests;
}
