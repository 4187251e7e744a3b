import { describe, expect, it } from 'vitest';
import { compileRule, type RuleSpec } from '#processors/rules/index.ts';
import { flowKind } from '#streams/schema/registry.ts';
import { compareRules } from './rule-comparison.ts';
import { RuleRecorder } from './rule-recorder.ts';

const START = 1_700_000_000_000;
const SPEC: RuleSpec = {
  name: 'rush',
  metric: 'win.flow-60s',
  field: 'specific.out',
  above: { orange: 60, red: 80 },
  raiseAfterSeconds: 0,
  clearAfterSeconds: 0,
};
const rule = (more: Partial<RuleSpec> = {}) => compileRule({ ...SPEC, ...more }, ['win.flow-60s'], 'rules.0');

/** One result a second for a line; null is unknown, undefined none at all. */
function results(values: readonly (number | null | undefined)[], key = 'exit', revision = 0) {
  return values.flatMap((out, i) => {
    if (out === undefined) return [];
    const end = START + (i + 1) * 1000;
    const specific = out === null ? null : { in: 0, out };
    const message = { ...flowKind.example, key, start: end - 60_000, end, revision, specific };
    const subject = `win.flow-60s.o.v.${key}`;
    return [{ subject, payload: flowKind.codec.encode(message), messageId: `${subject}|${end}|${revision}` }];
  });
}

function side(rules: ReturnType<typeof rule>[], outputs: ReturnType<typeof results>) {
  const recorder = new RuleRecorder(rules);
  for (const output of outputs) recorder.take(output);
  return { rules, recorder, at: rules.map((_, i) => i) };
}

describe('rules compared', () => {
  it('tells time in each level, first moments and where two rules differ', () => {
    const outputs = results([10, 70, 90, 70, 10]);
    const [compared] = compareRules(
      side([rule()], outputs),
      side([rule({ above: { orange: 85 } })], outputs),
      START,
      START + 6_000,
    );
    expect(compared!.keys).toEqual([
      {
        key: 'exit',
        present: {
          seconds: { unknown: 1, none: 2, orange: 2, red: 1 },
          firstMs: { blue: START + 2000, yellow: START + 2000, orange: START + 2000, red: START + 3000 },
        },
        changed: {
          seconds: { unknown: 1, none: 4, orange: 1 },
          firstMs: { blue: START + 3000, yellow: START + 3000, orange: START + 3000 },
        },
      },
    ]);
    expect(compared!.differences).toEqual([
      { key: 'exit', fromMs: START + 2000, toMs: START + 3000, present: 'orange', changed: 'none' },
      { key: 'exit', fromMs: START + 3000, toMs: START + 4000, present: 'red', changed: 'orange' },
      { key: 'exit', fromMs: START + 4000, toMs: START + 5000, present: 'orange', changed: 'none' },
    ]);
    expect(compared!.notes).toEqual([]);
  });
  it('a rule that there was not differs where it says something, unknown included', () => {
    const [compared] = compareRules(
      side([], []),
      side([rule()], results([90, 90, null, 10])),
      START,
      START + 5_000,
    );
    expect(compared!.keys[0]!.present).toBe(undefined);
    expect(compared!.differences.map(({ present, changed }) => [present, changed])).toEqual([
      ['absent', 'unknown'],
      ['absent', 'red'],
      ['absent', 'unknown'],
    ]);
  });
  it('corrections replace what they correct, and parts put together are the whole', () => {
    const recorder = new RuleRecorder([rule()]);
    for (const output of [...results([10, 10, 10]), ...results([undefined, 90], 'exit', 1)])
      recorder.take(output);
    expect([...recorder.samples(0, 'exit')].map(({ value }) => value)).toEqual([10, 90, 10]);
    const whole = new RuleRecorder([rule()]);
    whole.absorb(structuredClone(recorder.recorded()));
    expect([...whole.samples(0, 'exit')]).toEqual([...recorder.samples(0, 'exit')]);
  });
  it('says what it could not judge', () => {
    const note = (rules: ReturnType<typeof rule>, outputs: ReturnType<typeof results>) =>
      compareRules(side([], []), side([rules], outputs), START, START + 3_000)[0]!.notes;
    expect(note(rule(), [])).toEqual(['changed: no result of win.flow-60s says specific.out']);
    expect(note(rule({ keys: ['exit', 'gate'] }), results([1]))).toEqual([
      'changed: there is no result of win.flow-60s with specific.out for gate',
    ]);
    expect(note(rule(), results([null, null]))).toEqual([
      'changed: specific.out of win.flow-60s is unknown over the whole span for exit',
    ]);
  });
});
