// The stands: from the mouth of a vomitory along the cross-aisle, up or down an aisle and along the row to a seat.
// People there keep to these rails; how fast they go follows from the density of the stretch (Weidmann), slower on steps.
// Those who leave wait in the cross-aisle, three abreast, until the stair takes them.
import {
  bowlRing,
  HALF_SECTOR,
  OFFSETS,
  SECTORS,
  type SeatPlan,
  sectorCentre,
} from '#models/venue/demo/stadium-plan.ts';
import { type Crowd, STATE } from './crowd.ts';
import { speedShare } from './fundamental.ts';

/** Share of the free speed on the steps of an aisle, and along a row. */
const STEPS_SHARE = 0.55;
const ROW_SHARE = 0.4;
const CRAWL = 0.08;
const BIN_M = 2;
const BINS = 16;
const CROSS_WIDTH = 2;
const AISLE_WIDTH = 1.2;
const ABREAST = 3;
const RANK_M = 0.5;

export class Stands {
  readonly seats: SeatPlan;
  readonly #crowd: Crowd;
  /** Lengths of the cross-aisle and aisle part of each seat's way, m. */
  readonly #cross: Float64Array;
  readonly #aisle: Float64Array;
  readonly #row: Float64Array;
  readonly #aisleFraction: Float64Array;
  readonly #bins = new Int16Array(SECTORS * 2 * BINS);
  /** Ranks given and served in the queue out of each half sector. */
  readonly #given = new Int32Array(SECTORS * 2);
  readonly #served = new Int32Array(SECTORS * 2);

  constructor(crowd: Crowd, seats: SeatPlan) {
    this.#crowd = crowd;
    this.seats = seats;
    this.#cross = new Float64Array(seats.count);
    this.#aisle = new Float64Array(seats.count);
    this.#row = new Float64Array(seats.count);
    this.#aisleFraction = new Float64Array(seats.count);
    for (let s = 0; s < seats.count; s++) {
      const centre = sectorCentre(seats.sector[s]!);
      const side = seats.side[s]!;
      const edge = centre + side * HALF_SECTOR;
      // Each half of an aisle belongs to one sector: walk a little inside the boundary.
      const aisle = edge - (side * 0.35) / bowlRing.metric(edge, OFFSETS.crossAisle);
      this.#aisleFraction[s] = aisle;
      this.#cross[s] = Math.abs(aisle - centre) * bowlRing.metric((aisle + centre) / 2, OFFSETS.crossAisle);
      this.#aisle[s] = Math.abs(seats.offset[s]! - OFFSETS.crossAisle);
      const f = seats.fraction[s]!;
      this.#row[s] = Math.abs(f - aisle) * bowlRing.metric((f + aisle) / 2, seats.offset[s]!);
    }
  }

  /** Length of the way from the mouth to a seat, m. */
  wayLength(seat: number): number {
    return this.#cross[seat]! + this.#aisle[seat]! + this.#row[seat]!;
  }

  /** Puts person `i` at the mouth, on the way to its seat. */
  enter(i: number): void {
    const c = this.#crowd;
    c.state[i] = STATE.rail;
    c.level[i] = 1;
    c.rail[i] = 0;
    c.railWay[i] = 1;
    this.#place(i, 0);
  }

  /** Sends seated person `i` on the way out. */
  leave(i: number): void {
    const c = this.#crowd;
    c.state[i] = STATE.rail;
    c.rail[i] = this.wayLength(c.seat[i]!);
    c.railWay[i] = -1;
    c.queueRank[i] = -1;
  }

  /** Puts person `i` on its seat. */
  sit(i: number): void {
    const c = this.#crowd;
    const s = c.seat[i]!;
    c.state[i] = STATE.seated;
    c.level[i] = 1;
    c.x[i] = this.seats.x[s]!;
    c.y[i] = this.seats.y[s]!;
    c.vx[i] = 0;
    c.vy[i] = 0;
  }

  #half(seat: number): number {
    return 2 * this.seats.sector[seat]! + (this.seats.side[seat]! > 0 ? 1 : 0);
  }

  /** Stretch of the way, or -1 in a row: 0 and up along the cross-aisle and the aisle. */
  #bin(seat: number, along: number): number {
    const cross = this.#cross[seat]!;
    if (along <= cross) return 0;
    const up = along - cross;
    if (up > this.#aisle[seat]!) return -1;
    const below = this.seats.offset[seat]! < OFFSETS.crossAisle;
    const k = Math.floor(up / BIN_M);
    return below ? 1 + Math.min(k, 5) : 7 + Math.min(k, 8);
  }

  /** Moves everyone on the rails. `arrived` may refuse to take a person at the mouth (stair full). */
  step(dt: number, onSeat: (i: number) => void, onMouth: (i: number) => boolean): void {
    const c = this.#crowd;
    const bins = this.#bins.fill(0);
    for (let i = 0; i < c.high; i++) {
      if (c.state[i] !== STATE.rail) continue;
      const b = this.#bin(c.seat[i]!, c.rail[i]!);
      if (b >= 0) bins[this.#half(c.seat[i]!) * BINS + b]!++;
    }
    for (let i = 0; i < c.high; i++) {
      if (c.state[i] !== STATE.rail) continue;
      const seat = c.seat[i]!;
      const half = this.#half(seat);
      const b = this.#bin(seat, c.rail[i]!);
      let share = ROW_SHARE;
      if (b === 0) {
        share = Math.max(CRAWL, speedShare(bins[half * BINS]! / (this.#cross[seat]! * CROSS_WIDTH)));
      } else if (b > 0) {
        share = STEPS_SHARE * Math.max(CRAWL, speedShare(bins[half * BINS + b]! / (BIN_M * AISLE_WIDTH)));
      }
      const step = c.freeSpeed[i]! * share * dt;
      if (c.railWay[i]! > 0) {
        const end = this.wayLength(seat);
        if (c.rail[i]! + step >= end) {
          this.sit(i);
          onSeat(i);
          continue;
        }
        this.#place(i, c.rail[i]! + step, dt);
        continue;
      }
      this.#outward(i, half, seat, step, dt, onMouth);
    }
  }

  #outward(
    i: number,
    half: number,
    seat: number,
    step: number,
    dt: number,
    onMouth: (i: number) => boolean,
  ): void {
    const c = this.#crowd;
    let to = c.rail[i]! - step;
    if (c.queueRank[i]! < 0) {
      const tail = Math.floor((this.#given[half]! - this.#served[half]!) / ABREAST) * RANK_M;
      if (to <= Math.min(tail, this.#cross[seat]! + this.#aisle[seat]!)) {
        c.queueRank[i] = this.#given[half]!++;
      }
    }
    if (c.queueRank[i]! >= 0) {
      const place = c.queueRank[i]! - this.#served[half]!;
      to = Math.max(to, Math.floor(place / ABREAST) * RANK_M);
      if (place === 0 && to <= 0.05 && onMouth(i)) {
        this.#served[half]!++;
        return;
      }
    }
    // A rank never sends anyone backwards.
    this.#place(i, Math.max(0, Math.min(to, c.rail[i]!)), dt);
  }

  #place(i: number, along: number, dt = 0): void {
    const c = this.#crowd;
    const seat = c.seat[i]!;
    const centre = sectorCentre(this.seats.sector[seat]!);
    const cross = this.#cross[seat]!;
    const aisle = this.#aisle[seat]!;
    const rank = c.queueRank[i]!;
    // Keep right by direction; three abreast in the queue.
    const beside = rank >= 0 ? ((rank % ABREAST) - 1) * 0.6 : 0.2 * c.railWay[i]! + c.bias[i]!;
    let fraction: number;
    let offset: number;
    if (along <= cross) {
      fraction = centre + ((this.#aisleFraction[seat]! - centre) * along) / cross;
      offset = OFFSETS.crossAisle + beside;
    } else if (along <= cross + aisle) {
      const t = aisle === 0 ? 0 : (along - cross) / aisle;
      offset = OFFSETS.crossAisle + (this.seats.offset[seat]! - OFFSETS.crossAisle) * t;
      const side = this.seats.side[seat]!;
      // Stay on this sector's side of the boundary.
      const shift = -side * Math.min(0.2, Math.abs(beside) * 0.3);
      fraction = this.#aisleFraction[seat]! + shift / bowlRing.metric(this.#aisleFraction[seat]!, offset);
    } else {
      const t = Math.min(1, (along - cross - aisle) / this.#row[seat]!);
      offset = this.seats.offset[seat]!;
      fraction = this.#aisleFraction[seat]! + (this.seats.fraction[seat]! - this.#aisleFraction[seat]!) * t;
    }
    const { x, y } = bowlRing.at(fraction, offset);
    if (dt > 0) {
      c.vx[i] = (x - c.x[i]!) / dt;
      c.vy[i] = (y - c.y[i]!) / dt;
    }
    c.x[i] = x;
    c.y[i] = y;
    c.rail[i] = along;
  }
}
