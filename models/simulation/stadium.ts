// The stadium evening: people arrive, queue at the gates, find their seats, fetch something at half-time and go home.
import {
  facadeRing,
  HALF_SECTOR,
  OFFSETS,
  SECTORS,
  sectorCentre,
  stadiumSeats,
} from '#models/venue/demo/stadium-plan.ts';
import type { Stair, Venue } from '#models/venue/types.ts';
import { Crowd, STATE } from './crowd.ts';
import { arrivalTimes, eveningLength, type Phase, phaseAt, SCHEDULES, type Schedule } from './evening.ts';
import { type FlowField, HEADING_COS, HEADING_SIN, NO_HEADING } from './field.ts';
import { WEIDMANN } from './fundamental.ts';
import { checkIncidents, type Incident, SimulationError } from './incidents.ts';
import { Random } from './random.ts';
import { cellAt } from './raster.ts';
import { distanceToLine, type PassageLine, Site } from './site.ts';
import { Stands } from './stands.ts';
import { type TickTruth, ZoneCounter } from './truth.ts';
import { Walkers } from './walk.ts';

type Point = readonly [number, number];

export interface SimulationOptions {
  /** A venue with gates, edges, stairs and the seating plan of the demo stadium. */
  readonly venue: Venue;
  readonly seed?: number;
  /** Event time of the first instant, UTC epoch ms, a whole second. */
  readonly startMs: number;
  readonly schedule?: Schedule;
  /** People of an evening, at most the seats. Default 10,000. */
  readonly attendance?: number;
  /** People already there at the start, at most `attendance`. Default 5,500; 0 starts an evening from its beginning. */
  readonly present?: number;
  readonly incidents?: readonly Incident[];
  /** People one ticket-checked lane admits in an hour. Green Guide: 660. */
  readonly laneRatePerHour?: number;
}

const ERRAND = { arrive: 0, toSeat: 1, watch: 2, fetch: 3, leave: 4, turnBack: 5 } as const;
const STAIR_SHARE = 0.45; // of the free speed on a stair
const STAIR_FLOW = 66 / 60; // persons per metre and second, Green Guide
const HALF_TIME_SHARE = 0.4;
const EDGE_WEIGHTS = [0.2, 0.2, 0.25, 0.35];
const PUSHING = 0.8;
/** Nearer than this one has arrived. More than the radius of the field's target and half a cell's diagonal. */
const STAIR_REACH_M = 1.4;
const KIOSK_REACH_M = 1.3;
/** Within these distances of a gate, m, people choose a lane; the outermost metre of a gate is its posts. */
const LANE_FAR_M = 20;
const LANE_NEAR_M = 7;
const LANE_MARGIN_M = 0.8;

export class StadiumSimulation {
  readonly venue: Venue;
  readonly crowd: Crowd;
  readonly schedule: Schedule;
  /** Step of the walking model, s: the one it is calibrated for. */
  readonly stepS = 0.25;
  readonly #startMs: number;
  readonly #random: Random;
  readonly #site: Site;
  readonly #stands: Stands;
  readonly #walkers: Walkers;
  readonly #counter: ZoneCounter;
  readonly #incidents: readonly Incident[];
  readonly #begun = new Set<Incident>();
  readonly #gates: readonly PassageLine[];
  readonly #edges: readonly PassageLine[];
  readonly #stairs: readonly Stair[];
  readonly #stairFree: Float64Array;
  readonly #kiosks: readonly { x: number; y: number }[];
  readonly #fields: (FlowField | undefined)[] = [];
  readonly #home: Uint8Array;
  readonly #pending: { edge: number; gate: number; calm: number; seat: number }[] = [];
  readonly #serviceS: number;
  readonly #attendance: number;
  #steps = 0;
  /** True before the first instant, while the crowd placed at once finds its feet: no incident yet. */
  #warming = false;
  #eveningStart = 0;
  #phase: Phase = 'ingress';
  #arrivals: Float64Array;
  #seatOrder: Uint32Array;
  #nextArrival = 0;
  #surplus = 0;
  #exitsKnown = '';

  constructor(options: SimulationOptions) {
    const { venue } = options;
    this.venue = venue;
    this.#startMs = options.startMs;
    this.schedule = options.schedule ?? SCHEDULES.demo;
    const seats = stadiumSeats();
    this.#attendance = options.attendance ?? 10_000;
    const present = options.present ?? Math.min(5_500, this.#attendance);
    this.#incidents = options.incidents ?? [];
    check(options, this.#attendance, present, seats.count);
    this.#serviceS = 3600 / (options.laneRatePerHour ?? 660);
    this.#random = new Random(options.seed ?? 1);
    // Room for those who linger from the evening before and for a surge.
    this.crowd = new Crowd(seats.count + 2_000);
    this.#site = new Site(venue);
    this.#gates = this.#site.passages.filter((p) => p.kind === 'gate');
    this.#edges = this.#site.passages.filter((p) => p.kind === 'edge');
    this.#stairs = venue.stairs ?? [];
    this.#stairFree = new Float64Array(SECTORS * 2);
    this.#kiosks = Array.from({ length: SECTORS }, (_, k) => {
      const [x, y] = facadeRing.point(sectorCentre(k) + HALF_SECTOR, OFFSETS.kiosksOuter + 1.2);
      return { x, y };
    });
    this.#stands = new Stands(this.crowd, seats);
    this.#walkers = new Walkers(this.crowd, this.#site.raster, this.#random);
    this.#counter = new ZoneCounter(venue);
    this.#home = new Uint8Array(this.crowd.capacity);
    this.#arrivals = arrivalTimes(this.schedule, this.#attendance, this.#random);
    this.#seatOrder = this.#random.permutation(seats.count);
    if (present > 0) this.#warmStart(present);
  }

  /** Seconds simulated. */
  get timeS(): number {
    return this.#steps * this.stepS;
  }

  /** Event time, UTC epoch ms. */
  get epochMs(): number {
    return this.#startMs + Math.round(this.timeS * 1000);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Incidents that are on now. */
  get activeIncidents(): readonly Incident[] {
    return this.#incidents.filter((n) => this.#isOn(n));
  }

  /** Exact figures of this instant. */
  truth(): TickTruth {
    const { zones, inStairs } = this.#counter.count(this.crowd);
    return {
      epochMs: this.epochMs,
      phase: this.#phase,
      present: this.crowd.present,
      inStairs,
      zones,
      incidents: this.activeIncidents,
    };
  }

  /** Advances by one step. */
  step(): void {
    this.#steps++;
    this.#timetable();
    this.#runIncidents();
    this.#walkers.index();
    this.#admit();
    this.#wakeUp();
    this.#steer();
    this.#walkers.step(this.stepS, (i, x, y, cell) => this.#permit(i, x, y, cell));
    this.#arrive();
    this.#stands.step(
      this.stepS,
      (i) => this.#seated(i),
      (i) => this.#stairDown(i),
    );
  }

  // ---- the timetable

  get #eveningS(): number {
    return this.timeS - this.#eveningStart;
  }

  #timetable(): void {
    if (this.#eveningS >= eveningLength(this.schedule)) this.#newEvening();
    const { phase } = phaseAt(this.schedule, this.#eveningS);
    if (phase === this.#phase) return;
    this.#phase = phase;
    const { crowd } = this;
    for (let i = 0; i < crowd.high; i++) {
      if (crowd.state[i] !== STATE.seated) continue;
      if (phase === 'half-time' && this.#random.uniform() < HALF_TIME_SHARE) {
        crowd.errand[i] = ERRAND.fetch;
        crowd.wake[i] = this.timeS + this.#random.uniform() * 0.3 * this.schedule['half-time'];
      } else if (phase === 'egress') {
        crowd.errand[i] = ERRAND.leave;
        crowd.wake[i] = this.timeS + this.#random.uniform() * Math.min(360, 0.4 * this.schedule.egress);
      }
    }
  }

  #newEvening(): void {
    this.#eveningStart = this.timeS;
    this.#nextArrival = 0;
    this.#arrivals = arrivalTimes(this.schedule, this.#attendance, this.#random);
    this.#seatOrder = this.#random.permutation(this.#stands.seats.count);
    const taken = new Set<number>();
    for (let i = 0; i < this.crowd.high; i++)
      if (this.crowd.state[i] !== STATE.free) taken.add(this.crowd.seat[i]!);
    // Whoever lingers keeps the seat it had; nobody else is given it.
    this.#seatOrder = this.#seatOrder.filter((s) => !taken.has(s));
  }

  #isOn(incident: Incident): boolean {
    return !this.#warming && this.timeS >= incident.atS && this.timeS < incident.atS + incident.forS;
  }

  #runIncidents(): void {
    for (const p of this.#site.passages) p.locked = false;
    for (const incident of this.#incidents) {
      if (!this.#isOn(incident)) continue;
      const first = !this.#begun.has(incident);
      this.#begun.add(incident);
      switch (incident.kind) {
        case 'surge':
          this.#surge(incident.gate, incident.perSecond);
          break;
        case 'locked-exit':
          for (const p of this.#site.passages) if (p.id === incident.exit) p.locked = true;
          break;
        case 'counterflow':
          if (first) this.#turnBack(incident.gate, incident.persons);
          break;
        case 'fall':
          if (first) this.#fall(incident.zone, incident.forS);
          break;
        case 'dead-camera':
          break;
      }
    }
  }

  #surge(gateId: string, perSecond: number): void {
    const gate = this.#gates.findIndex((g) => g.id === gateId);
    for (this.#surplus += perSecond * this.stepS; this.#surplus >= 1; this.#surplus--) {
      if (this.#nextArrival >= this.#arrivals.length) return;
      const seat = this.#seatOrder[this.#nextArrival++];
      if (seat !== undefined) this.#pending.push({ edge: this.#edgeBy(gate), gate, calm: PUSHING, seat });
    }
  }

  /** The edge nearest a gate. */
  #edgeBy(gate: number): number {
    const g = this.#gates[gate]!;
    let best = 0;
    this.#edges.forEach((e, k) => {
      const b = this.#edges[best]!;
      if (Math.hypot(e.ax - g.ax, e.ay - g.ay) < Math.hypot(b.ax - g.ax, b.ay - g.ay)) best = k;
    });
    return best;
  }

  #turnBack(gateId: string, persons: number): void {
    const gate = this.#gates.findIndex((g) => g.id === gateId);
    let left = persons;
    for (let i = 0; i < this.crowd.high && left > 0; i++) {
      if (this.crowd.state[i] !== STATE.walk || this.crowd.goal[i] !== gate) continue;
      this.crowd.errand[i] = ERRAND.turnBack;
      this.crowd.goal[i] = this.#edgeGoal(this.#home[i]!);
      left--;
    }
  }

  #fall(zoneId: string, forS: number): void {
    const zone = this.venue.zones.find((z) => z.id === zoneId)!;
    const ring = zone.area.exterior;
    let cx = 0;
    let cy = 0;
    for (let k = 0; k < ring.length; k += 2) {
      cx += (2 * ring[k]!) / ring.length;
      cy += (2 * ring[k + 1]!) / ring.length;
    }
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < this.crowd.high; i++) {
      if (this.crowd.state[i] !== STATE.walk) continue;
      const d = Math.hypot(this.crowd.x[i]! - cx, this.crowd.y[i]! - cy);
      if (d < least) {
        least = d;
        best = i;
      }
    }
    if (best < 0) return;
    this.crowd.state[best] = STATE.fallen;
    this.crowd.vx[best] = 0;
    this.crowd.vy[best] = 0;
    this.crowd.wake[best] = this.timeS + forS;
  }

  // ---- coming

  #admit(): void {
    while (
      this.#nextArrival < this.#arrivals.length &&
      this.#arrivals[this.#nextArrival]! <= this.#eveningS
    ) {
      const seat = this.#seatOrder[this.#nextArrival++];
      if (seat !== undefined)
        this.#pending.push({ edge: this.#pickEdge(), gate: this.#pickGate(seat), calm: 1, seat });
    }
    let tries = this.#pending.length;
    while (tries-- > 0) {
      const next = this.#pending.shift()!;
      const e = this.#edges[next.edge]!;
      const t = 0.06 + 0.88 * this.#random.uniform();
      const back = 0.3 + 1.5 * this.#random.uniform();
      const x = e.ax + (e.bx - e.ax) * t + back * e.inX;
      const y = e.ay + (e.by - e.ay) * t + back * e.inY;
      if (!this.#walkers.isFree(x, y, 0.5) || !this.#person(next, x, y)) this.#pending.push(next);
    }
  }

  #person(p: { edge: number; gate: number; calm: number; seat: number }, x: number, y: number): boolean {
    const { crowd } = this;
    const i = crowd.add();
    if (i < 0) return false;
    crowd.state[i] = STATE.walk;
    crowd.x[i] = x;
    crowd.y[i] = y;
    crowd.freeSpeed[i] = Math.min(
      2,
      Math.max(0.5, WEIDMANN.freeSpeed + WEIDMANN.spread * this.#random.normal()),
    );
    crowd.bias[i] = 0.12 * this.#random.normal();
    crowd.calm[i] = p.calm;
    crowd.seat[i] = p.seat;
    crowd.goal[i] = p.gate;
    crowd.errand[i] = ERRAND.arrive;
    this.#home[i] = p.edge;
    this.#walkers.note(x, y);
    return true;
  }

  #pickEdge(): number {
    let u = this.#random.uniform();
    const last = this.#edges.length - 1;
    for (let k = 0; k < last; k++) {
      u -= EDGE_WEIGHTS[k % EDGE_WEIGHTS.length]!;
      if (u < 0) return k;
    }
    return last;
  }

  /** Tickets name the gate nearest the seat; one in eight goes elsewhere. */
  #pickGate(seat: number): number {
    if (this.#random.uniform() < 0.125) return this.#random.below(this.#gates.length);
    let best = 0;
    let least = Infinity;
    this.#gates.forEach((g, k) => {
      const d = Math.hypot(g.ax - this.#stands.seats.x[seat]!, g.ay - this.#stands.seats.y[seat]!);
      if (d < least) {
        least = d;
        best = k;
      }
    });
    return best;
  }

  /** Puts `persons` where an evening under way has them: most seated, some within, the rest outside the gates. */
  #warmStart(persons: number): void {
    this.#eveningStart = -this.#arrivals[persons - 1]!;
    this.#nextArrival = persons;
    this.#walkers.index();
    const cells = new Map<number, number[]>();
    for (let k = 0; k < persons; k++) {
      const seat = this.#seatOrder[k]!;
      const gate = this.#pickGate(seat);
      const share = k / persons;
      const goal = share < 0.88 ? this.#stairGoal(this.#stands.seats.sector[seat]!) : gate;
      if (!this.#person({ edge: this.#pickEdge(), gate, calm: 1, seat }, 0, 0)) return;
      const i = this.crowd.high - 1;
      if (share < 0.78) {
        this.#stands.sit(i);
        this.#seated(i);
        continue;
      }
      const field = this.#field(goal);
      const reach = cells.get(goal) ?? this.#site.reach(field);
      cells.set(goal, reach);
      this.crowd.goal[i] = goal;
      if (goal >= this.#gates.length) this.crowd.errand[i] = ERRAND.toSeat;
      for (let tries = 0; tries < 5_000; tries++) {
        const c = reach[this.#random.below(reach.length)]!;
        if (goal < this.#gates.length && !this.#outside(c)) continue;
        if (this.#random.uniform() > Math.exp(-field.cost[c]! / 50)) continue;
        const { x, y } = this.#site.centre(c);
        if (!this.#walkers.isFree(x, y, 0.6)) continue;
        this.crowd.x[i] = x;
        this.crowd.y[i] = y;
        break;
      }
      this.#walkers.note(this.crowd.x[i]!, this.crowd.y[i]!);
    }
    const warm = Math.round(20 / this.stepS);
    const back = this.#eveningStart;
    this.#warming = true;
    for (let k = 0; k < warm; k++) this.step();
    this.#warming = false;
    this.#steps = 0;
    this.#eveningStart = back - warm * this.stepS;
    for (const p of this.#site.passages) p.laneFree.fill(0);
    this.#stairFree.fill(0);
    this.#shiftWake(warm * this.stepS);
  }

  #shiftWake(by: number): void {
    for (let i = 0; i < this.crowd.high; i++) this.crowd.wake[i]! -= by;
  }

  /** True for cells outside the façade. */
  #outside(cell: number): boolean {
    const { x, y } = this.#site.centre(cell);
    return facadeRing.distance(x, y) > OFFSETS.facadeOuter;
  }

  // ---- walking

  #stairGoal(sector: number): number {
    return this.#gates.length + sector;
  }

  #kioskGoal(k: number): number {
    return this.#gates.length + SECTORS + k;
  }

  get #exitGoal(): number {
    return this.#gates.length + 2 * SECTORS;
  }

  #edgeGoal(edge: number): number {
    return this.#exitGoal + 1 + edge;
  }

  #field(goal: number): FlowField {
    const known = this.#fields[goal];
    if (known !== undefined) return known;
    const made = this.#makeField(goal);
    this.#fields[goal] = made;
    return made;
  }

  #makeField(goal: number): FlowField {
    const site = this.#site;
    if (goal < this.#gates.length) return site.inwardField(this.#gates[goal]!);
    if (goal < this.#kioskGoal(0)) {
      const { a, b } = upSide(this.#stairs[goal - this.#gates.length]!);
      return site.field(site.cellsNear(a[0], a[1], b[0], b[1], 0.9), () => false);
    }
    if (goal < this.#exitGoal) {
      const { x, y } = this.#kiosks[goal - this.#kioskGoal(0)]!;
      return site.field(site.cellsNear(x, y, x + 0.01, y, 0.8), () => false);
    }
    if (goal === this.#exitGoal) {
      const shut = this.#shutAsKnown();
      this.#exitsKnown = shut.join();
      return site.outwardField(site.passages.filter((p) => p.kind !== 'edge' && !shut.includes(p.id)));
    }
    return site.edgeField(this.#edges[goal - this.#exitGoal - 1]!);
  }

  /** Locked ways that people know of by now. */
  #shutAsKnown(): string[] {
    return this.#incidents.flatMap((n) =>
      n.kind === 'locked-exit' && this.#isOn(n) && this.timeS >= n.atS + n.noticedAfterS ? [n.exit] : [],
    );
  }

  #steer(): void {
    if (this.#shutAsKnown().join() !== this.#exitsKnown) this.#fields[this.#exitGoal] = undefined;
    const { crowd } = this;
    const { wantX, wantY, raster } = this.#walkers;
    for (let i = 0; i < crowd.high; i++) {
      if (crowd.state[i] !== STATE.walk) continue;
      const x = crowd.x[i]!;
      const y = crowd.y[i]!;
      const goal = crowd.goal[i]!;
      if (goal < this.#gates.length && this.#toLane(i, this.#gates[goal]!, x, y)) continue;
      const cell = cellAt(raster, x, y);
      const h = this.#field(goal).heading[cell]!;
      if (h === NO_HEADING) {
        // On the line just crossed, which is a wall to the field of the next goal: go on through.
        const line = this.#site.passages[this.#site.nearPassage[cell]!];
        const way = crowd.errand[i] === ERRAND.toSeat ? 1 : -1;
        wantX[i] = line === undefined ? 0 : way * line.inX;
        wantY[i] = line === undefined ? 0 : way * line.inY;
        continue;
      }
      const b = crowd.bias[i]!;
      const c = HEADING_COS[h]!;
      const s = HEADING_SIN[h]!;
      // Small-angle turn by the personal bias, near enough to a unit vector.
      const n = 1 / Math.sqrt(1 + b * b);
      wantX[i] = (c - s * b) * n;
      wantY[i] = (s + c * b) * n;
    }
  }

  /**
   * In front of a gate: from afar towards a lane of one's own, so that the crowd spreads over the width; close by straight
   * to the nearest lane, as nobody can cross a queue.
   */
  #toLane(i: number, gate: PassageLine, x: number, y: number): boolean {
    const depth = (x - gate.ax) * gate.inX + (y - gate.ay) * gate.inY;
    if (depth < -LANE_FAR_M || depth > 0.4) return false;
    const along = ((x - gate.ax) * (gate.bx - gate.ax) + (y - gate.ay) * (gate.by - gate.ay)) / gate.length;
    const close = depth > -LANE_NEAR_M;
    if (Math.abs(along - gate.length / 2) > gate.length / 2 + (close ? 2 : 6)) return false;
    const lanes = Math.max(1, gate.lanes);
    const lane = close ? laneAt(gate, along) : this.crowd.serial[i]! % lanes;
    const t = (LANE_MARGIN_M + ((gate.length - 2 * LANE_MARGIN_M) * (lane + 0.5)) / lanes) / gate.length;
    const to = close ? 0.8 : 3 - LANE_NEAR_M;
    const dx = gate.ax + (gate.bx - gate.ax) * t + to * gate.inX - x;
    const dy = gate.ay + (gate.by - gate.ay) * t + to * gate.inY - y;
    const d = Math.hypot(dx, dy);
    this.#walkers.wantX[i] = dx / d;
    this.#walkers.wantY[i] = dy / d;
    return true;
  }

  #permit(i: number, nx: number, ny: number, cell: number): boolean {
    const k = this.#site.nearPassage[cell]!;
    if (k < 0) return true;
    const p = this.#site.passages[k]!;
    const { crowd } = this;
    const before = (crowd.x[i]! - p.ax) * p.inX + (crowd.y[i]! - p.ay) * p.inY;
    const after = (nx - p.ax) * p.inX + (ny - p.ay) * p.inY;
    if (before < 0 === after < 0) return true;
    if (p.locked) return false;
    if (after < 0) {
      if (crowd.errand[i] !== ERRAND.leave) return false;
      crowd.goal[i] = this.#edgeGoal(this.#home[i]!);
      return true;
    }
    if (p.kind !== 'gate' || this.#gates[crowd.goal[i]!] !== p) return false;
    const along = ((nx - p.ax) * (p.bx - p.ax) + (ny - p.ay) * (p.by - p.ay)) / p.length;
    const lane = laneAt(p, along);
    if (p.laneFree[lane]! > this.timeS) return false;
    p.laneFree[lane] = this.timeS + this.#serviceS * (0.6 + 0.8 * this.#random.uniform());
    crowd.goal[i] = this.#stairGoal(this.#stands.seats.sector[crowd.seat[i]!]!);
    crowd.errand[i] = ERRAND.toSeat;
    crowd.calm[i] = 1;
    return true;
  }

  /** Who has reached what it walked for. */
  #arrive(): void {
    const { crowd } = this;
    const stair0 = this.#gates.length;
    const kiosk0 = this.#kioskGoal(0);
    for (let i = 0; i < crowd.high; i++) {
      if (crowd.state[i] !== STATE.walk) continue;
      const goal = crowd.goal[i]!;
      const x = crowd.x[i]!;
      const y = crowd.y[i]!;
      if (goal < stair0 || goal === this.#exitGoal) continue;
      if (goal < kiosk0) {
        const s = this.#stairs[goal - stair0]!;
        const up = upSide(s);
        if (distanceToLine(x, y, up.a[0], up.a[1], up.b[0], up.b[1]) < STAIR_REACH_M)
          this.#stairUp(i, goal - stair0, s);
      } else if (goal < this.#exitGoal) {
        const k = this.#kiosks[goal - kiosk0]!;
        const d = Math.hypot(x - k.x, y - k.y);
        const slow = crowd.vx[i]! ** 2 + crowd.vy[i]! ** 2 < 0.04;
        if (d < KIOSK_REACH_M || (slow && d < 6)) {
          crowd.state[i] = STATE.dwell;
          crowd.vx[i] = 0;
          crowd.vy[i] = 0;
          crowd.wake[i] = this.timeS + 30 + 60 * this.#random.uniform();
        }
      } else {
        const e = this.#edges[goal - this.#exitGoal - 1]!;
        if (distanceToLine(x, y, e.ax, e.ay, e.bx, e.by) < 1) crowd.remove(i);
      }
    }
  }

  #stairUp(i: number, k: number, s: Stair): void {
    // One direction has half the stair when both are in use.
    if (this.#stairFree[2 * k]! > this.timeS) return;
    this.#stairFree[2 * k] = this.timeS + 1 / (STAIR_FLOW * s.widthM);
    this.#climb(i, s);
  }

  #stairDown(i: number): boolean {
    const k = this.#stands.seats.sector[this.crowd.seat[i]!]!;
    const s = this.#stairs[k]!;
    if (this.#stairFree[2 * k + 1]! > this.timeS) return false;
    this.#stairFree[2 * k + 1] = this.timeS + 1 / (STAIR_FLOW * s.widthM);
    this.#climb(i, s);
    return true;
  }

  #climb(i: number, s: Stair): void {
    const { crowd } = this;
    crowd.state[i] = STATE.stair;
    crowd.vx[i] = 0;
    crowd.vy[i] = 0;
    crowd.queueRank[i] = -1;
    crowd.wake[i] = this.timeS + s.lengthM / (crowd.freeSpeed[i]! * STAIR_SHARE);
  }

  #seated(i: number): void {
    const { crowd } = this;
    crowd.errand[i] = ERRAND.watch;
    crowd.wake[i] = Infinity;
    if (this.#phase === 'egress' || this.#phase === 'pause') {
      crowd.errand[i] = ERRAND.leave;
      crowd.wake[i] = this.timeS;
    }
  }

  #wakeUp(): void {
    const { crowd } = this;
    const now = this.timeS;
    for (let i = 0; i < crowd.high; i++) {
      if (crowd.wake[i]! > now) continue;
      switch (crowd.state[i]) {
        case STATE.seated:
          this.#stands.leave(i);
          break;
        case STATE.fallen:
          crowd.state[i] = STATE.walk;
          break;
        case STATE.dwell:
          crowd.state[i] = STATE.walk;
          crowd.errand[i] = this.#leaving ? ERRAND.leave : ERRAND.toSeat;
          crowd.goal[i] = this.#leaving
            ? this.#exitGoal
            : this.#stairGoal(this.#stands.seats.sector[crowd.seat[i]!]!);
          break;
        case STATE.stair:
          this.#offStair(i);
          break;
      }
    }
  }

  get #leaving(): boolean {
    return this.#phase === 'egress' || this.#phase === 'pause';
  }

  #offStair(i: number): void {
    const { crowd } = this;
    const errand = crowd.errand[i]!;
    if (errand === ERRAND.toSeat || errand === ERRAND.arrive) {
      this.#stands.enter(i);
      return;
    }
    const sector = this.#stands.seats.sector[crowd.seat[i]!]!;
    const s = this.#stairs[sector]!;
    const t = 0.6 + 0.4 * this.#random.uniform();
    // The stair's way in is up: its foot lies against that.
    const length = Math.hypot(s.b[0] - s.a[0], s.b[1] - s.a[1]);
    const out = 1.3 + 0.8 * this.#random.uniform();
    const x = s.a[0] + (s.b[0] - s.a[0]) * t - (out * (s.b[1] - s.a[1])) / length;
    const y = s.a[1] + (s.b[1] - s.a[1]) * t + (out * (s.b[0] - s.a[0])) / length;
    if (!this.#walkers.isFree(x, y, 0.4)) return; // waits on the stair
    this.#walkers.note(x, y);
    crowd.state[i] = STATE.walk;
    crowd.level[i] = 0;
    crowd.x[i] = x;
    crowd.y[i] = y;
    crowd.goal[i] =
      errand === ERRAND.fetch
        ? this.#kioskGoal((sector + (this.#random.uniform() < 0.5 ? 0 : SECTORS - 1)) % SECTORS)
        : this.#exitGoal;
  }
}

/** The half of a stair's foot that people take up; those who come down use the other. */
function upSide({ a, b }: Stair): { a: Point; b: Point } {
  return { a, b: [a[0] + 0.35 * (b[0] - a[0]), a[1] + 0.35 * (b[1] - a[1])] };
}

/** The lane at `along` metres from the start of a gate's line. */
function laneAt(gate: PassageLine, along: number): number {
  const n = gate.laneFree.length;
  const lane = Math.floor(((along - LANE_MARGIN_M) / (gate.length - 2 * LANE_MARGIN_M)) * n);
  return Math.min(n - 1, Math.max(0, lane));
}

function check(o: SimulationOptions, attendance: number, present: number, seats: number): void {
  const whole = (v: number): boolean => Number.isInteger(v) && v >= 0;
  if (!whole(o.startMs) || o.startMs % 1000 !== 0) {
    throw new SimulationError(
      `startMs ${o.startMs} is not a whole second`,
      'give UTC epoch ms, a multiple of 1000',
    );
  }
  if (!whole(attendance) || attendance > seats) {
    throw new SimulationError(
      `attendance ${attendance} is not within 0..${seats}`,
      'give at most the number of seats',
    );
  }
  if (!whole(present) || present > attendance) {
    throw new SimulationError(`present ${present} exceeds the attendance ${attendance}`, 'lower present');
  }
  const { venue } = o;
  if (
    venue.gates.length === 0 ||
    (venue.edges ?? []).length === 0 ||
    (venue.stairs ?? []).length !== SECTORS
  ) {
    throw new SimulationError(
      `venue ${venue.id} lacks gates, edges or its ${SECTORS} stairs`,
      'simulate the demo stadium (venues/harbour-stadium.geojson)',
    );
  }
  checkIncidents(venue, o.incidents ?? []);
}
