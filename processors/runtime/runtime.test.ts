import { delay, map, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { RawMessage } from '#streams/consume.ts';
import { AlreadyPublished } from './already-published.ts';
import { type Counted, countingMessage, countingPartition, countingProcessor } from './fixtures/counting.ts';
import type { Output } from './processor.ts';
import { rxPartition } from './rx-partition.ts';
import { PoisonedBatch, runBatch, runOneByOne } from './step.ts';

const KEYS = ['a', 'b', 'c'];
function raw(i: number, more: { poison?: boolean; garbage?: boolean } = {}): RawMessage {
  const { subject, payload } = countingMessage(i, KEYS[i % 3]!, more);
  return { subject, data: payload, reply: `$JS.ACK.OBS_TRACKS.c.1.${i + 1}.${i + 1}.1784980800000000000.0` };
}
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const texts = (outputs: readonly Output[]) => outputs.map(({ payload }) => new TextDecoder().decode(payload));
const wanted = (indices: readonly number[]) =>
  texts(countingPartition().onBatch(indices.map((i) => ({ key: KEYS[i % 3]!, value: i, poison: false }))));

describe('one by one', () => {
  it('leaves out exactly what cannot be decoded or throws, wherever it stands', () => {
    const bad = new Map<number, { poison?: boolean; garbage?: boolean }>([
      [0, { poison: true }],
      [1, { garbage: true }],
      [44, { poison: true }],
      [45, { poison: true }],
      [99, { poison: true }],
    ]);
    const messages = range(100).map((i) => raw(i, bad.get(i)));
    expect(() => runBatch(countingProcessor, countingPartition(), messages, 'counting_all')).toThrow(
      PoisonedBatch,
    );
    const result = runOneByOne(countingProcessor, countingPartition(), messages, 'counting_all');
    const good = range(100).filter((i) => !bad.has(i));
    expect(texts(result.outputs)).toEqual(wanted(good));
    expect(result.bad.map(({ message, poisonous }) => [message.messageId, poisonous])).toEqual([
      ['bad:counting_all:OBS_TRACKS:1', true],
      ['bad:counting_all:OBS_TRACKS:2', false],
      ['bad:counting_all:OBS_TRACKS:45', true],
      ['bad:counting_all:OBS_TRACKS:46', true],
      ['bad:counting_all:OBS_TRACKS:100', true],
    ]);
    // The state, too, is as if they had never been.
    const clean = countingPartition();
    clean.onBatch(good.map((i) => ({ key: KEYS[i % 3]!, value: i, poison: false })));
    expect(result.partition.snapshot()).toEqual(clean.snapshot());
  });
});

describe('already published', () => {
  it('leaves each id out once, and says behind which sequence to look again', () => {
    const already = new AlreadyPublished(
      new Map([
        [
          'DERIVED',
          new Map([
            ['x', 11],
            ['y', 12],
          ]),
        ],
        ['GRID', new Map([['z', 3]])],
      ]),
    );
    expect(already.after('DERIVED')).toBe(10);
    expect(already.has('x')).toBe(true);
    expect(already.has('x')).toBe(false);
    expect(already.after('DERIVED')).toBe(11);
    expect(already.has('y')).toBe(true);
    expect(already.after('DERIVED')).toBeUndefined();
    expect(already.waiting).toBe(1);
    expect(already.forget()).toBe(1);
    expect(already.has('z')).toBe(false);
    expect(already.suppressed).toBe(2);
  });
});

describe('a partition as an RxJS operator', () => {
  const around = (pipeline: Parameters<typeof rxPartition<Counted>>[0]['pipeline']) =>
    rxPartition<Counted>({ pipeline, snapshot: () => new Uint8Array(), restore: () => undefined });
  const output = (i: number): Output => ({ subject: 's', payload: Uint8Array.of(i), messageId: `${i}` });
  const input = (value: number): Counted => ({ key: 'a', value, poison: false });

  it('gives for each batch what the pipeline emits for it', () => {
    const partition = around(map((batch) => batch.map(({ value }) => output(value))));
    expect(partition.onBatch([input(1), input(2)])).toEqual([output(1), output(2)]);
    expect(partition.onBatch([input(3)])).toEqual([output(3)]);
  });
  it('throws what the pipeline throws, and goes on throwing: its state is lost', () => {
    const partition = around(
      map((batch) => {
        if (batch[0]!.value === 2) throw new RangeError('two');
        return [];
      }),
    );
    expect(partition.onBatch([input(1)])).toEqual([]);
    expect(() => partition.onBatch([input(2)])).toThrow('two');
    expect(() => partition.onBatch([input(1)])).toThrow('two');
  });
  it('refuses a pipeline that completes or emits later', async () => {
    const ends = around((source) =>
      source.pipe(
        take(1),
        map(() => []),
      ),
    );
    expect(() => ends.onBatch([input(1)])).toThrow(/completed/);
    const late = around((source) =>
      source.pipe(
        delay(1),
        map(() => [output(1)]),
      ),
    );
    expect(late.onBatch([input(1)])).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(() => late.onBatch([input(2)])).toThrow(/outside a batch/);
  });
});
