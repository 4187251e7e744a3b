import { expect, it } from 'vitest';
import { parseMoment } from './moment.ts';

const NOW = Date.UTC(2025, 5, 1, 12);
const moment = (text: string) => parseMoment(text, undefined, NOW);

it('reads the forms people write', () => {
  expect(moment('2025-06-01T19:30:00+08:00')).toBe(Date.UTC(2025, 5, 1, 11, 30));
  expect(moment('2025-06-01T11:30Z')).toBe(Date.UTC(2025, 5, 1, 11, 30));
  expect(moment('1748777400000')).toBe(1748777400000);
  expect(moment('-10m')).toBe(NOW - 600_000);
  expect(moment('-1.5h')).toBe(NOW - 5_400_000);
  expect(moment('-2d')).toBe(NOW - 2 * 86_400_000);
  expect(moment('now')).toBe(NOW);
});

it.each([
  '',
  '10m',
  '-10',
  '2025-06-01',
  '2025-06-01T19:30:00',
  '2025-13-01T00:00:00Z',
  '17487774',
  'yesterday',
])('refuses "%s" and says what to write', (text) => {
  expect(() => moment(text)).toThrow(/epoch milliseconds, or -10m/);
});
