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
  /** The count at which tickets stop, and at which they may be checked again. */
  readonly stopAt: number;
  readonly clearAt: number;
  stopped = false;

  /**
   * @param margin share of the approved number by which to stop before it, for counters known to miss people
   * @throws OccupancyError for an approved number below 1, a share outside 0..1, or a margin outside 0..0.5
   */
  constructor(approved: number, margin = 0, clearShare: number = occupancyDefaults.clearShare.value) {
    if (!(margin >= 0 && margin <= 0.5))
      throw new OccupancyError(`a margin of ${margin}; 0 <= margin <= 0.5`);
    if (!(Number.isInteger(approved) && approved >= 1))
      throw new OccupancyError(`an approved number of ${approved}`);
    if (!(clearShare >= 0 && clearShare < 1))
      throw new OccupancyError(`a clearing share of ${clearShare}; 0 <= share < 1`);
    this.approved = approved;
    this.stopAt = Math.max(1, Math.floor(approved * (1 - margin)));
    this.clearAt = Math.floor(this.stopAt * clearShare);
  }

  /** The change that `count` persons bring, if any. */
  update(count: number): StopTicketChange | undefined {
    if (!this.stopped && count >= this.stopAt) {
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
