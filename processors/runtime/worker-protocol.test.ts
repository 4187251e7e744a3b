import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf, StreamsError } from '#streams/errors.ts';
import {
  arrived,
  BatchPacker,
  crossing,
  packOutputs,
  unpackBatch,
  unpackOutputs,
} from './worker-protocol.ts';

const subject = fc.constantFrom('a.1', 'a.2', 'b.1', 'b.2');
const bytes = fc.uint8Array({ maxLength: 40 });

describe('worker protocol', () => {
  it('carries batches whole, whatever their sizes, through buffers that are used again', () => {
    const batch = fc.array(fc.record({ subject, data: bytes }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 6 }), (batches) => {
        const packer = new BatchPacker();
        const subjects: string[] = [];
        for (const messages of batches) {
          const packed = packer.pack(messages);
          const got = unpackBatch(packed, subjects);
          expect(got.map((one) => ({ subject: one.subject, data: Uint8Array.from(one.data) }))).toEqual(
            messages,
          );
          packer.giveBack(packed.buffer);
        }
      }),
    );
  });

  it('carries outputs whole', () => {
    const output = fc.record({ subject, messageId: fc.string(), payload: bytes });
    const headed = fc.record({
      subject,
      messageId: fc.string(),
      payload: bytes,
      headers: fc.constant({ a: 'b' }),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(output, headed)), (outputs) => {
        const { outputs: packed, payloads } = packOutputs(outputs);
        const got = unpackOutputs(packed, payloads);
        expect(got.map((one) => ({ ...one, payload: Uint8Array.from(one.payload) }))).toEqual(outputs);
      }),
    );
  });

  it('carries errors with their code, sentence and remedy', () => {
    const typed = new StreamsError('frame-malformed', 'it is (quite) short', 'send it again');
    expect(arrived(crossing(typed))).toMatchObject({
      code: 'frame-malformed',
      message: typed.message,
      remedy: 'send it again',
    });
    expect(messageOf(arrived(crossing(new RangeError('too far'))))).toBe('too far');
    expect(messageOf(arrived(crossing('text')))).toBe('text');
  });

  it('says that headers are not carried, instead of giving none', () => {
    const packed = new BatchPacker().pack([{ subject: 'a', data: Uint8Array.of(1) }]);
    const [message] = unpackBatch(packed, []);
    expect(() => message!.headers).toThrow('are not carried to a worker thread');
    expect(() => message!.reply).toThrow('are not carried to a worker thread');
  });
});
