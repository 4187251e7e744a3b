import { expect, it } from 'vitest';
import { feeds, patternOf, SessionFeed } from './feed.ts';

const output = (subject: string) => ({ subject, payload: new Uint8Array(1), messageId: subject });

it('subjects of a writer meet the filters of a reader', () => {
  expect(feeds('win.density.o.v.*', 'win.density.o.v.*')).toBe(true);
  expect(feeds('win.flow-now.o.v.*', 'win.flow-now.o.v.gate-1')).toBe(true);
  expect(feeds('anom.*.o.v.*', 'anom.count.o.v.zone')).toBe(true);
  expect(feeds('win.density-60s.o.v.*', 'win.density.o.v.*')).toBe(false);
  expect(feeds('win.density.o.v.*', 'win.density.o.w.*')).toBe(false);
  expect(feeds('grid.o.v.*', 'win.density.o.v.*')).toBe(false);
  expect(patternOf('win.density.o.v.*').test('win.density.o.v.a')).toBe(true);
  expect(patternOf('win.density.o.v.*').test('win.density-60s.o.v.a')).toBe(false);
});

it('a feed gives what is wanted in the order it came, due by the greatest time so far', () => {
  const feed = new SessionFeed(['win.density.o.v.*']);
  expect(feed.push(output('win.density.o.v.a'), 2_000)).toBe(undefined);
  void feed.push(output('win.flow.o.v.a'), 2_500);
  // A correction of an older window comes after what came before it.
  void feed.push(output('win.density.o.v.b'), 1_000);
  feed.progress(2_000);
  expect(feed.throughMs).toBe(2_000);
  expect(
    [feed.take(), feed.take()].map(({ message, dueMs, epochMs }) => [message.subject, dueMs, epochMs]),
  ).toEqual([
    ['win.density.o.v.a', 2_000, 2_000],
    ['win.density.o.v.b', 2_000, 1_000],
  ]);
  expect(feed.head).toBe(undefined);
  feed.end();
  expect(feed.throughMs).toBe(Number.POSITIVE_INFINITY);
});

it('holds no more than so many: the writer waits until the reader has caught up, or is gone', async () => {
  const feed = new SessionFeed(['a.*']);
  let waiting: Promise<void> | undefined;
  let held = 0;
  while (waiting === undefined) {
    waiting = feed.push(output('a.b'), held);
    held++;
    expect(held).toBeLessThan(100_000);
  }
  let open = false;
  void waiting.then(() => {
    open = true;
  });
  feed.take();
  await Promise.resolve();
  expect(open).toBe(false);
  for (let i = 0; i < held * 0.6; i++) feed.take();
  await waiting;
  const gone = new SessionFeed(['a.*']);
  let wait: Promise<void> | undefined;
  while (wait === undefined) wait = gone.push(output('a.b'), 1);
  gone.abandon();
  await wait;
  expect(gone.push(output('a.b'), 2)).toBe(undefined);
  expect(gone.head).toBe(undefined);
});
