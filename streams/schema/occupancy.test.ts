// Messages of version 1 that are still stored mean what they meant: one counter per gate, a stop by the persons present.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { driftKind, gateKind, occupancyKind, stopTicketKind } from './registry.ts';

const stored = (name: string): Uint8Array => {
  const file = path.join(import.meta.dirname, 'golden', `${name}.v1.hex`);
  return Buffer.from(readFileSync(file, 'utf8').replaceAll('\n', ''), 'hex');
};

it('reads what version 1 wrote', () => {
  expect(gateKind.codec.decode(stored('win.gate'))).toMatchObject({
    totalIn: 1_207,
    counter: 'device',
    check: null,
    unseen: { ms: 0, in: 0, out: 0 },
  });
  expect(occupancyKind.codec.decode(stored('win.occupancy'))).toMatchObject({
    present: 8_000,
    blind: [],
    stopOn: 'present',
    compared: null,
  });
  expect(stopTicketKind.codec.decode(stored('warn.stop-ticket'))).toMatchObject({
    present: 10_000,
    approved: 10_000,
    stopOn: 'present',
    compared: null,
    unseenIn: 0,
  });
  expect(driftKind.codec.decode(stored('win.drift'))).toMatchObject({ checks: [], culprit: { by: 'flow' } });
});
