// The stop-ticket order: checking of tickets stops at once when the number reaches the approved one (State Council Order 505,
// Article 18). One order per crossing: it is lifted only when the number has fallen clearly below.
import { occupancyDefaults } from './defaults.ts';
import { OccupancyError } from './errors.ts';

/** Which number is compared with the approved one; see README.md for why the default is `admitted`. */
export const STOP_BASES = ['admitted', 'present'] as const;
export type StopBasis = (typeof STOP_BASES)[number];

export interface StopTicketChange {
  readonly state: 'stopped' | 'lifted';
  readonly count: number;
  readonly approved: number;
}

export class StopTicket {
  readonly approved: number;
  readonly clearAt: number;
  stopped = false;

  /** @throws OccupancyError for an approved number below 1 or a share outside 0..1 */
  constructor(approved: number, clearShare: number = occupancyDefaults.clearShare.value) {
    if (!(Number.isInteger(approved) && approved >= 1))
      throw new OccupancyError(`an approved number of ${approved}`);
    if (!(clearShare >= 0 && clearShare < 1))
      throw new OccupancyError(`a clearing share of ${clearShare}; 0 <= share < 1`);
    this.approved = approved;
    this.clearAt = Math.floor(approved * clearShare);
  }

  /** The change that `count` persons bring, if any. */
  update(count: number): StopTicketChange | undefined {
    if (!this.stopped && count >= this.approved) {
      this.stopped = true;
      return { state: 'stopped', count, approved: this.approved };
    }
    if (this.stopped && count <= this.clearAt) {
      this.stopped = false;
      return { state: 'lifted', count, approved: this.approved };
    }
    return undefined;
  }
}
