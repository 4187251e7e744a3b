// Whoever adds a processor decides whether it can be replayed, and how: nothing is left out by forgetting.
import { expect, it } from 'vitest';
import { NOT_REPLAYABLE, REPLAYABLE } from '#processors/replay/index.ts';
import { PROCESSOR_NAMES } from '../processors.ts';

it.each(PROCESSOR_NAMES)(
  '%s is in the table of processors/replay/registry.ts, or there with a reason',
  (name) => {
    const there = Object.hasOwn(REPLAYABLE, name) || (NOT_REPLAYABLE[name] ?? '').length > 10;
    expect(
      there,
      `${name} is in cli/processors.ts: add it to REPLAYABLE of processors/replay/registry.ts, or to NOT_REPLAYABLE with the reason`,
    ).toBe(true);
  },
);

it('no processor is both, and none is there that does not run', () => {
  const names: readonly string[] = PROCESSOR_NAMES;
  for (const name of Object.keys(REPLAYABLE)) expect(Object.keys(NOT_REPLAYABLE)).not.toContain(name);
  for (const name of [...Object.keys(REPLAYABLE), ...Object.keys(NOT_REPLAYABLE)]) {
    expect(names, `${name} is replayed and does not run`).toContain(name);
  }
});
