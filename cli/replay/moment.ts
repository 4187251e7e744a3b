// A moment as people write it on a command line.
import { InvalidArgumentError } from 'commander';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Epoch ms of an ISO 8601 time with its offset (`2025-06-01T19:30:00+08:00`), of plain epoch ms, of `now`, or of a time
 * before now (`-90s`, `-10m`, `-2h`, `-1d`).
 * @throws InvalidArgumentError for anything else, also a time without offset: whose clock would it be?
 */
export function parseMoment(text: string, _before?: unknown, nowMs: number = Date.now()): number {
  if (text === 'now') return nowMs;
  const ago = /^-(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  if (ago !== null) {
    const unit = ago[2];
    if (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd') {
      return Math.round(nowMs - Number(ago[1]) * UNIT_MS[unit]);
    }
  }
  if (/^\d{12,14}$/.test(text)) return Number(text);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)) {
    const epochMs = Date.parse(text);
    if (!Number.isNaN(epochMs)) return epochMs;
  }
  throw new InvalidArgumentError(
    'write 2025-06-01T19:30:00+08:00 (with Z or an offset), epoch milliseconds, or -10m (s, m, h or d before now)',
  );
}
