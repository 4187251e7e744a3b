// Who comes: when, to which seat, over which edge of the site and to which gate, and the persons made of them.
import type { SeatPlan } from '#models/venue/demo/stadium-plan.ts';
import type { EveningClock } from './clock.ts';
import { type Crowd, STATE } from './crowd.ts';
import { ERRAND } from './errand.ts';
import { arrivalTimes } from './evening.ts';
import { WEIDMANN } from './fundamental.ts';
import type { Random } from './random.ts';
import type { Walkers } from './walk.ts';
import type { Ways } from './ways.ts';

/** How many come over each edge of the site. */
const EDGE_WEIGHTS = [0.2, 0.2, 0.25, 0.35];
/** Share of the felt density that counts for those of a surge. */
const PUSHING = 0.8;

/** Somebody on the way to the site: indices of edge and gate, and the seat on the ticket. */
export interface Comer {
  readonly edge: number;
  readonly gate: number;
  readonly calm: number;
  readonly seat: number;
}

export interface ArrivalParts {
  readonly crowd: Crowd;
  readonly clock: EveningClock;
  readonly ways: Ways;
  readonly walkers: Walkers;
  readonly seats: SeatPlan;
  readonly random: Random;
  /** People of an evening. */
  readonly attendance: number;
}

export class Arrivals {
  /** The edge each person of the crowd came over, and goes home by. */
  readonly home: Uint8Array;
  readonly #parts: ArrivalParts;
  /** Those whose time has come, until there is room for them at their edge. */
  readonly #pending: Comer[] = [];
  /** Seconds into the evening, rising. */
  #times: Float64Array;
  #seatOrder: Uint32Array;
  #next = 0;
  #surplus = 0;

  constructor(parts: ArrivalParts) {
    this.#parts = parts;
    const { clock, attendance, random, seats, crowd } = parts;
    this.home = new Uint8Array(crowd.capacity);
    this.#times = arrivalTimes(clock.schedule, attendance, random);
    this.#seatOrder = random.permutation(seats.count);
  }

  /** All come anew, but for those who linger: they keep the seat they had, and nobody else is given it. */
  newEvening(): void {
    const { clock, attendance, random, seats, crowd } = this.#parts;
    this.#next = 0;
    this.#times = arrivalTimes(clock.schedule, attendance, random);
    this.#seatOrder = random.permutation(seats.count);
    const taken = new Set<number>();
    for (let i = 0; i < crowd.high; i++) if (crowd.state[i] !== STATE.free) taken.add(crowd.seat[i]!);
    this.#seatOrder = this.#seatOrder.filter((s) => !taken.has(s));
  }

  /** Counts the first `persons` of the evening as come. Their seats, and when the last of them came, s into the evening. */
  comeAlready(persons: number): { seats: Uint32Array; lastS: number } {
    this.#next = persons;
    return { seats: this.#seatOrder.subarray(0, persons), lastS: this.#times[persons - 1]! };
  }

  /** `perSecond` more people than planned come for a gate, taken from those who would have come later. */
  surge(gateId: string, perSecond: number): void {
    const { ways, clock } = this.#parts;
    const gate = ways.gateNamed(gateId);
    for (this.#surplus += perSecond * clock.stepS; this.#surplus >= 1; this.#surplus--) {
      if (this.#next >= this.#times.length) return;
      const seat = this.#seatOrder[this.#next++];
      if (seat !== undefined) this.#pending.push({ edge: ways.edgeBy(gate), gate, calm: PUSHING, seat });
    }
  }

  /** Lets in, at the edges, whoever is due and finds room. */
  admit(): void {
    const { clock, ways, random, walkers } = this.#parts;
    while (this.#next < this.#times.length && this.#times[this.#next]! <= clock.eveningS) {
      const seat = this.#seatOrder[this.#next++];
      if (seat !== undefined)
        this.#pending.push({ edge: this.pickEdge(), gate: this.pickGate(seat), calm: 1, seat });
    }
    let tries = this.#pending.length;
    while (tries-- > 0) {
      const next = this.#pending.shift()!;
      const e = ways.edges[next.edge]!;
      const t = 0.06 + 0.88 * random.uniform();
      const back = 0.3 + 1.5 * random.uniform();
      const x = e.ax + (e.bx - e.ax) * t + back * e.inX;
      const y = e.ay + (e.by - e.ay) * t + back * e.inY;
      if (!walkers.isFree(x, y, 0.5) || this.person(next, x, y) < 0) this.#pending.push(next);
    }
  }

  /** Makes a comer a person who walks, at (x, y). The slot, or -1 when the crowd is full. */
  person(comer: Comer, x: number, y: number): number {
    const { crowd, random, walkers } = this.#parts;
    const i = crowd.add();
    if (i < 0) return -1;
    crowd.state[i] = STATE.walk;
    crowd.x[i] = x;
    crowd.y[i] = y;
    crowd.freeSpeed[i] = Math.min(2, Math.max(0.5, WEIDMANN.freeSpeed + WEIDMANN.spread * random.normal()));
    crowd.bias[i] = 0.12 * random.normal();
    crowd.calm[i] = comer.calm;
    crowd.seat[i] = comer.seat;
    crowd.goal[i] = comer.gate;
    crowd.errand[i] = ERRAND.arrive;
    this.home[i] = comer.edge;
    walkers.note(x, y);
    return i;
  }

  pickEdge(): number {
    const { ways, random } = this.#parts;
    let u = random.uniform();
    const last = ways.edges.length - 1;
    for (let k = 0; k < last; k++) {
      u -= EDGE_WEIGHTS[k % EDGE_WEIGHTS.length]!;
      if (u < 0) return k;
    }
    return last;
  }

  /** Tickets name the gate nearest the seat; one in eight goes elsewhere. */
  pickGate(seat: number): number {
    const { ways, random, seats } = this.#parts;
    if (random.uniform() < 0.125) return random.below(ways.gates.length);
    let best = 0;
    let least = Infinity;
    ways.gates.forEach((g, k) => {
      const d = Math.hypot(g.ax - seats.x[seat]!, g.ay - seats.y[seat]!);
      if (d < least) {
        least = d;
        best = k;
      }
    });
    return best;
  }
}
