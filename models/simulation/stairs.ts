// The stairs between the concourse and the stands: each takes what its width takes, either way, and time to climb.
import { SECTORS } from '#models/venue/demo/stadium-plan.ts';
import type { Stair } from '#models/venue/types.ts';
import type { EveningClock } from './clock.ts';
import { type Crowd, STATE } from './crowd.ts';
import { ERRAND } from './errand.ts';
import type { Random } from './random.ts';
import type { Stands } from './stands.ts';
import type { Walkers } from './walk.ts';
import type { Ways } from './ways.ts';

const STAIR_SHARE = 0.45; // of the free speed on a stair
const STAIR_FLOW = 66 / 60; // persons per metre and second, Green Guide

export interface StairParts {
  readonly crowd: Crowd;
  readonly clock: EveningClock;
  readonly ways: Ways;
  readonly stands: Stands;
  readonly walkers: Walkers;
  readonly random: Random;
}

export class Stairs {
  readonly #parts: StairParts;
  /** Simulation time, s, from which each stair takes the next person: up, down, up, down. */
  readonly #free = new Float64Array(SECTORS * 2);

  constructor(parts: StairParts) {
    this.#parts = parts;
  }

  /** Everyone may go at once. */
  clear(): void {
    this.#free.fill(0);
  }

  /** Person `i` goes up the stair of `sector` when it has room. */
  up(i: number, sector: number): void {
    const { clock, ways } = this.#parts;
    const stair = ways.stairs[sector]!;
    // One direction has half the stair when both are in use.
    if (this.#free[2 * sector]! > clock.timeS) return;
    this.#free[2 * sector] = clock.timeS + 1 / (STAIR_FLOW * stair.widthM);
    this.#climb(i, stair);
  }

  /** Person `i` goes down from its sector; false when the stair has no room. */
  down(i: number): boolean {
    const { clock, ways } = this.#parts;
    const sector = this.#sectorOf(i);
    const stair = ways.stairs[sector]!;
    if (this.#free[2 * sector + 1]! > clock.timeS) return false;
    this.#free[2 * sector + 1] = clock.timeS + 1 / (STAIR_FLOW * stair.widthM);
    this.#climb(i, stair);
    return true;
  }

  #climb(i: number, stair: Stair): void {
    const { crowd, clock } = this.#parts;
    crowd.state[i] = STATE.stair;
    crowd.vx[i] = 0;
    crowd.vy[i] = 0;
    crowd.queueRank[i] = -1;
    crowd.wake[i] = clock.timeS + stair.lengthM / (crowd.freeSpeed[i]! * STAIR_SHARE);
  }

  /** Person `i` has climbed: up to the stands, or down to the foot, where it waits within while there is no room. */
  off(i: number): void {
    const { crowd, ways, stands, walkers, random } = this.#parts;
    const errand = crowd.errand[i]!;
    if (errand === ERRAND.toSeat || errand === ERRAND.arrive) {
      stands.enter(i);
      return;
    }
    const sector = this.#sectorOf(i);
    const s = ways.stairs[sector]!;
    const t = 0.6 + 0.4 * random.uniform();
    // The stair's way in is up: its foot lies against that.
    const length = Math.hypot(s.b[0] - s.a[0], s.b[1] - s.a[1]);
    const out = 1.3 + 0.8 * random.uniform();
    const x = s.a[0] + (s.b[0] - s.a[0]) * t - (out * (s.b[1] - s.a[1])) / length;
    const y = s.a[1] + (s.b[1] - s.a[1]) * t + (out * (s.b[0] - s.a[0])) / length;
    if (!walkers.isFree(x, y, 0.4)) return;
    walkers.note(x, y);
    crowd.state[i] = STATE.walk;
    crowd.level[i] = 0;
    crowd.x[i] = x;
    crowd.y[i] = y;
    crowd.goal[i] =
      errand === ERRAND.fetch
        ? ways.kioskGoal((sector + (random.uniform() < 0.5 ? 0 : SECTORS - 1)) % SECTORS)
        : ways.exitGoal;
  }

  #sectorOf(i: number): number {
    const { crowd, stands } = this.#parts;
    return stands.seats.sector[crowd.seat[i]!]!;
  }
}
