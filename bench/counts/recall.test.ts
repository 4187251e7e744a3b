// Alarms from scores and their match with listed events, on cases worked by hand.
import { describe, expect, it } from 'vitest';
import { mergeAlarms, recallAtAlarms, recallOf } from './recall.ts';

const rules = { rowMs: 10, mergeMs: 10, marginMs: 5 };
const rows = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90];

describe('alarms and recall', () => {
  it('merges rows that are close and keeps others apart', () => {
    const scores = [0, 1, 0, 1, 0, 0, 0, 1, 1, 0];
    expect(mergeAlarms(rows, scores, 1, 10, 10)).toEqual([
      { from: 10, to: 40 },
      { from: 70, to: 90 },
    ]);
    expect(mergeAlarms(rows, scores, 1, 10, 0)).toHaveLength(3);
    expect(mergeAlarms(rows, scores, 2, 10, 10)).toEqual([]);
  });

  it('finds an event by any touch within the margin, and counts alarms outside the list', () => {
    const alarms = [
      { from: 10, to: 20 },
      { from: 70, to: 80 },
    ];
    const events = [
      { from: 24, to: 30 },
      { from: 26, to: 30 },
    ];
    expect(recallOf(alarms, events, 5, 1)).toMatchObject({ alarms: 2, found: 1, recall: 0.5, unlisted: 1 });
  });

  it('takes the most sensitive threshold within the budget, and no silent detector wins', () => {
    const scores = [0, 0.9, 0, 0, 0.8, 0, 0, 0.7, 0, 0];
    const events = [{ from: 40, to: 50 }];
    expect(recallAtAlarms(rows, scores, events, 1, rules)).toMatchObject({
      alarms: 1,
      found: 0,
      threshold: 0.9,
    });
    expect(recallAtAlarms(rows, scores, events, 2, rules)).toMatchObject({
      alarms: 2,
      found: 1,
      threshold: 0.8,
    });
    expect(
      recallAtAlarms(
        rows,
        rows.map(() => 0),
        events,
        5,
        rules,
      ),
    ).toMatchObject({ alarms: 0, found: 0 });
  });
});
