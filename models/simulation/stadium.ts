// The stadium evening: people arrive, queue at the gates, find their seats, fetch something at half-time and go home.
// Puts the parts together and says what each step does in which order; the order is part of the numbers.
import { stadiumSeats } from '#models/venue/demo/stadium-plan.ts';
import type { Venue } from '#models/venue/types.ts';
import { Arrivals } from './arrivals.ts';
import { EveningClock } from './clock.ts';
import { Crowd, STATE } from './crowd.ts';
import { ERRAND } from './errand.ts';
import { type Phase, SCHEDULES, type Schedule } from './evening.ts';
import { Gates } from './gates.ts';
import { IncidentScript } from './incident-script.ts';
import type { Incident } from './incidents.ts';
import { checkOptions, type SimulationOptions } from './options.ts';
import { Random } from './random.ts';
import { distanceToLine, Site } from './site.ts';
import { Stairs } from './stairs.ts';
import { Stands } from './stands.ts';
import { steer } from './steering.ts';
import { type TickTruth, ZoneCounter } from './truth.ts';
import { Walkers } from './walk.ts';
import { placeCrowd } from './warm-start.ts';
import { upSide, Ways } from './ways.ts';

const HALF_TIME_SHARE = 0.4;
/** Nearer than this one has arrived. More than the radius of the field's target and half a cell's diagonal. */
const STAIR_REACH_M = 1.4;
const KIOSK_REACH_M = 1.3;
const EDGE_REACH_M = 1;
/** Seconds that a crowd placed at once walks before the first instant. */
const WARM_S = 20;

export class StadiumSimulation {
  readonly venue: Venue;
  readonly crowd: Crowd;
  readonly #clock: EveningClock;
  readonly #random: Random;
  readonly #site: Site;
  readonly #stands: Stands;
  readonly #walkers: Walkers;
  readonly #counter: ZoneCounter;
  readonly #ways: Ways;
  readonly #arrivals: Arrivals;
  readonly #gates: Gates;
  readonly #stairs: Stairs;
  readonly #incidents: IncidentScript;

  constructor(options: SimulationOptions) {
    const { venue } = options;
    const seats = stadiumSeats();
    const attendance = options.attendance ?? 10_000;
    const present = options.present ?? Math.min(5_500, attendance);
    checkOptions(options, attendance, present, seats.count);
    this.venue = venue;
    const clock = new EveningClock(options.startMs, options.schedule ?? SCHEDULES.demo);
    const random = new Random(options.seed ?? 1);
    // Room for those who linger from the evening before and for a surge.
    const crowd = new Crowd(seats.count + 2_000);
    const site = new Site(venue);
    const ways = new Ways(venue, site);
    const stands = new Stands(crowd, seats);
    const walkers = new Walkers(crowd, site.raster, random);
    this.#counter = new ZoneCounter(venue);
    const walking = { crowd, clock, site, ways, stands, walkers, random };
    const arrivals = new Arrivals({ ...walking, seats, attendance });
    this.#stairs = new Stairs(walking);
    const serviceS = 3600 / (options.laneRatePerHour ?? 660);
    this.#gates = new Gates({ ...walking, sector: seats.sector, home: arrivals.home, serviceS });
    const { passages } = site;
    this.#incidents = new IncidentScript(options.incidents ?? [], { ...walking, venue, passages, arrivals });
    this.#clock = clock;
    this.#random = random;
    this.crowd = crowd;
    this.#site = site;
    this.#ways = ways;
    this.#stands = stands;
    this.#walkers = walkers;
    this.#arrivals = arrivals;
    if (present > 0) this.#warmStart(present);
  }

  get schedule(): Schedule {
    return this.#clock.schedule;
  }

  /** Step of the walking model, s. */
  get stepS(): number {
    return this.#clock.stepS;
  }

  /** Seconds simulated. */
  get timeS(): number {
    return this.#clock.timeS;
  }

  /** Event time, UTC epoch ms. */
  get epochMs(): number {
    return this.#clock.epochMs;
  }

  get phase(): Phase {
    return this.#clock.phase;
  }

  /** Event time at which the present evening began, UTC epoch ms; before the start when it was under way then. */
  get eveningStartMs(): number {
    return this.#clock.epochMs - Math.round(1000 * this.#clock.eveningS);
  }

  /** Incidents that are on now. */
  get activeIncidents(): readonly Incident[] {
    return this.#incidents.active;
  }

  /** Exact figures of this instant. */
  truth(): TickTruth {
    const { zones, inStairs } = this.#counter.count(this.crowd);
    return {
      epochMs: this.epochMs,
      phase: this.phase,
      present: this.crowd.present,
      inStairs,
      zones,
      incidents: this.activeIncidents,
    };
  }

  /** Advances by one step. */
  step(): void {
    this.#clock.steps++;
    this.#timetable();
    this.#incidents.run();
    this.#walkers.index();
    this.#arrivals.admit();
    this.#wakeUp();
    this.#ways.knowShut(this.#incidents.knownShut);
    steer(this.crowd, this.#walkers, this.#ways, this.#gates, this.#site);
    this.#walkers.step(this.stepS, (i, x, y, cell) => this.#gates.permit(i, x, y, cell));
    this.#arrive();
    this.#stands.step(
      this.stepS,
      (i) => this.#seated(i),
      (i) => this.#stairs.down(i),
    );
  }

  #warmStart(persons: number): void {
    const clock = this.#clock;
    const { seats, lastS } = this.#arrivals.comeAlready(persons);
    clock.eveningStartS = -lastS;
    placeCrowd(seats, {
      crowd: this.crowd,
      arrivals: this.#arrivals,
      ways: this.#ways,
      site: this.#site,
      stands: this.#stands,
      walkers: this.#walkers,
      random: this.#random,
      seated: (i) => this.#seated(i),
    });
    const warm = Math.round(WARM_S / clock.stepS);
    clock.warming = true;
    for (let k = 0; k < warm; k++) this.step();
    clock.warming = false;
    clock.steps = 0;
    clock.eveningStartS = -lastS - warm * clock.stepS;
    for (const p of this.#site.passages) p.laneFree.fill(0);
    this.#stairs.clear();
    for (let i = 0; i < this.crowd.high; i++) this.crowd.wake[i]! -= warm * clock.stepS;
  }

  /** Turns the phases, and sends people off with them. */
  #timetable(): void {
    const clock = this.#clock;
    if (clock.over) {
      clock.eveningStartS = clock.timeS;
      this.#arrivals.newEvening();
    }
    if (!clock.turnPhase()) return;
    const { crowd } = this;
    const { phase, schedule } = clock;
    for (let i = 0; i < crowd.high; i++) {
      if (crowd.state[i] !== STATE.seated) continue;
      if (phase === 'half-time' && this.#random.uniform() < HALF_TIME_SHARE) {
        crowd.errand[i] = ERRAND.fetch;
        crowd.wake[i] = clock.timeS + this.#random.uniform() * 0.3 * schedule['half-time'];
      } else if (phase === 'egress') {
        crowd.errand[i] = ERRAND.leave;
        crowd.wake[i] = clock.timeS + this.#random.uniform() * Math.min(360, 0.4 * schedule.egress);
      }
    }
  }

  /** Who has reached what it walked for. */
  #arrive(): void {
    const { crowd } = this;
    const ways = this.#ways;
    for (let i = 0; i < crowd.high; i++) {
      if (crowd.state[i] !== STATE.walk) continue;
      const goal = crowd.goal[i]!;
      const x = crowd.x[i]!;
      const y = crowd.y[i]!;
      if (goal < ways.stair0 || goal === ways.exitGoal) continue;
      if (goal < ways.kiosk0) {
        const sector = goal - ways.stair0;
        const { a, b } = upSide(ways.stairs[sector]!);
        if (distanceToLine(x, y, a[0], a[1], b[0], b[1]) < STAIR_REACH_M) this.#stairs.up(i, sector);
      } else if (goal < ways.exitGoal) {
        const k = ways.kiosks[goal - ways.kiosk0]!;
        const d = Math.hypot(x - k.x, y - k.y);
        const slow = crowd.vx[i]! ** 2 + crowd.vy[i]! ** 2 < 0.04;
        if (d < KIOSK_REACH_M || (slow && d < 6)) {
          crowd.state[i] = STATE.dwell;
          crowd.vx[i] = 0;
          crowd.vy[i] = 0;
          crowd.wake[i] = this.timeS + 30 + 60 * this.#random.uniform();
        }
      } else {
        const e = ways.edgeOf(goal);
        if (distanceToLine(x, y, e.ax, e.ay, e.bx, e.by) < EDGE_REACH_M) crowd.remove(i);
      }
    }
  }

  #seated(i: number): void {
    const { crowd } = this;
    crowd.errand[i] = ERRAND.watch;
    crowd.wake[i] = Infinity;
    if (this.#clock.leaving) {
      crowd.errand[i] = ERRAND.leave;
      crowd.wake[i] = this.timeS;
    }
  }

  /** Who has sat, stood, lain or climbed long enough does the next thing. */
  #wakeUp(): void {
    const { crowd } = this;
    const ways = this.#ways;
    const now = this.timeS;
    const { leaving } = this.#clock;
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
          crowd.errand[i] = leaving ? ERRAND.leave : ERRAND.toSeat;
          crowd.goal[i] = leaving
            ? ways.exitGoal
            : ways.stairGoal(this.#stands.seats.sector[crowd.seat[i]!]!);
          break;
        case STATE.stair:
          this.#stairs.off(i);
          break;
      }
    }
  }
}
