// Synthetic evenings as density rasters, for tests and measurements: persons walk, wait and sit on a floor, and anomalies are
// injected at known places and times. Seeded; nothing of it is used by the detector.
import type { EventPhase } from './index.ts';
import {
  RASTER_UNIT,
  RASTER_UNKNOWN,
  RASTER_WALL,
  type RasterFrame,
  type RasterKind,
  rasterKinds,
} from './raster-slot.ts';

export interface SceneSpan {
  readonly phase: EventPhase;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was injected: persons gather at, flee from, or stop in a disc. */
export interface SceneAnomaly {
  readonly kind: RasterKind;
  /** Those who gather, those who were there before they fled, or those who walked there when it stopped. */
  readonly persons: number;
  readonly x: number;
  readonly y: number;
  readonly radiusM: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SceneOptions {
  readonly seed: number;
  readonly evenings: number;
  /** Anomalies per evening and kind, from the second evening on; 0 for ordinary evenings only. */
  readonly anomalies: number;
  /** Persons who come, of all evenings on average. */
  readonly crowd?: number;
  /** Seconds of an evening; its phases keep their proportions. */
  readonly eveningS?: number;
  /** Of every five seconds only two are drawn, one after the other: quicker, and speeds can still be told. */
  readonly sparse?: boolean;
}

export const SCENE = { width: 120, height: 80, cellM: 0.5, sigmaM: 0.5 } as const;
const WIDTH_M = SCENE.width * SCENE.cellM;
const HEIGHT_M = SCENE.height * SCENE.cellM;
const START = Date.UTC(2025, 2, 1, 17);
const DAY = 86_400_000;
/** Seats fill the upper part; the lower is a concourse with doors at both ends and kiosks along it. */
const SEATS_FROM_Y = 26;
const SHARES: readonly (readonly [EventPhase, number])[] = [
  ['none', 0.06],
  ['ingress', 0.32],
  ['play', 0.2],
  ['half-time', 0.12],
  ['play', 0.15],
  ['egress', 0.15],
];

interface Person {
  x: number;
  y: number;
  toX: number;
  toY: number;
  speed: number;
  /** Seconds it still rests where it is. */
  rest: number;
  /** 0 goes to its seat, 1 sits, 2 goes to a kiosk, 3 leaves. */
  aim: 0 | 1 | 2 | 3;
  seatX: number;
  seatY: number;
}

interface Plan {
  readonly kind: RasterKind;
  readonly fromMs: number;
  readonly toMs: number;
}

interface Present extends SceneAnomaly {
  readonly members: ReadonlySet<Person>;
}

/** A place that fills or empties anyway is no anomaly. */
const PHASES_OF: Readonly<Record<RasterKind, readonly EventPhase[]>> = {
  'unexpected-crowd': ['ingress', 'play', 'egress'],
  emptying: ['play'],
  'stopped-flow': ['ingress', 'egress'],
};

function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Scene {
  readonly programme: readonly SceneSpan[];
  /** What has happened so far in `rasters()`. */
  readonly anomalies: SceneAnomaly[] = [];
  readonly #options: Required<SceneOptions>;
  readonly #uniform: () => number;
  readonly #crowds: readonly number[];

  constructor(options: SceneOptions) {
    this.#options = { crowd: 1200, eveningS: 5400, sparse: false, ...options };
    this.#uniform = uniforms(options.seed);
    const { evenings, eveningS, crowd } = this.#options;
    // Attendance differs by evening, and so does when they begin.
    this.#crowds = Array.from({ length: evenings }, () => Math.round(crowd * (0.6 + 0.8 * this.#uniform())));
    const starts = Array.from({ length: evenings }, (_, e) => START + 3 * e * DAY);
    this.programme = starts.flatMap((start) => {
      let at = start;
      return SHARES.map(([phase, share]) => {
        const fromMs = at;
        at += Math.round(share * eveningS) * 1000;
        return { phase, fromMs, toMs: at };
      });
    });
  }

  phaseAt = (endMs: number): EventPhase =>
    this.programme.find(({ fromMs, toMs }) => endMs > fromMs && endMs <= toMs)?.phase ?? 'none';

  /** When what is to happen in an evening: apart in time, each within one phase in which it can be an anomaly. */
  #plan(evening: number): Plan[] {
    const { anomalies, eveningS } = this.#options;
    if (evening === 0) return [];
    const spans = this.programme.slice(SHARES.length * evening, SHARES.length * (evening + 1));
    const startMs = spans[0].fromMs;
    const uniform = this.#uniform;
    const plans: Plan[] = [];
    for (const kind of rasterKinds.flatMap((k) => Array.from({ length: anomalies }, () => k))) {
      for (let attempt = 0; attempt < 200; attempt += 1) {
        const fromMs = startMs + Math.round((0.1 + 0.75 * uniform()) * eveningS) * 1000;
        const toMs = fromMs + Math.round(120 + 120 * uniform()) * 1000;
        const phase = spans.find((span) => fromMs > span.fromMs && toMs <= span.toMs)?.phase;
        if (phase === undefined || !PHASES_OF[kind].includes(phase)) continue;
        if (plans.some((one) => fromMs < one.toMs + 120_000 && one.fromMs < toMs + 120_000)) continue;
        plans.push({ kind, fromMs, toMs });
        break;
      }
    }
    return plans;
  }

  /** Makes a plan true where the crowd allows it: persons who can gather, a full stand, a busy way. */
  #begin({ kind, fromMs, toMs }: Plan, persons: readonly Person[]): Present | undefined {
    const uniform = this.#uniform;
    const radiusM = 3 + 2 * uniform();
    const near = (x: number, y: number, r: number) => persons.filter((p) => Math.hypot(p.x - x, p.y - y) < r);
    for (let attempt = 0; attempt < 100 && persons.length > 0; attempt += 1) {
      const one = persons[Math.floor(uniform() * persons.length)];
      if (kind === 'unexpected-crowd') {
        const x = 5 + (WIDTH_M - 10) * uniform();
        const y = 4 + 14 * uniform();
        const wanted = 15 + Math.floor(25 * uniform());
        const members = persons
          .filter((p) => p.aim !== 3 && Math.hypot(p.x - x, p.y - y) < 35)
          .sort((a, b) => Math.hypot(a.x - x, a.y - y) - Math.hypot(b.x - x, b.y - y))
          .slice(0, wanted);
        if (members.length < wanted) continue;
        return { kind, fromMs, toMs, x, y, radiusM: 2.5, persons: wanted, members: new Set(members) };
      }
      const walking = (p: Person): boolean => p.aim !== 1 && p.rest === 0 && p.y < SEATS_FROM_Y;
      const seats = kind === 'emptying';
      if (seats ? one.y < SEATS_FROM_Y + 4 : !walking(one)) continue;
      const there = near(one.x, one.y, radiusM).filter((p) => seats || walking(p));
      if (there.length < (seats ? 12 : 6)) continue;
      const { x, y } = one;
      return { kind, fromMs, toMs, x, y, radiusM, persons: there.length, members: new Set() };
    }
    return undefined;
  }

  /** The rasters in order, one a second. The cells are those of the frame before: copy what is kept. */
  *rasters(): Generator<RasterFrame> {
    const { evenings, eveningS, sparse } = this.#options;
    const cells = new Uint16Array(SCENE.width * SCENE.height);
    for (let e = 0; e < evenings; e += 1) {
      const persons: Person[] = [];
      let left = this.#crowds[e];
      const plans = this.#plan(e);
      let present: Present | undefined;
      for (let s = 1; s <= eveningS; s += 1) {
        const epochMs = START + 3 * e * DAY + s * 1000;
        const phase = this.phaseAt(epochMs);
        left -= this.#arrive(persons, phase, left, eveningS);
        if (present !== undefined && epochMs > present.toMs) present = undefined;
        const plan = plans.find(({ fromMs }) => fromMs === epochMs);
        if (plan !== undefined) {
          present = this.#begin(plan, persons);
          if (present !== undefined) this.anomalies.push(present);
        }
        this.#step(persons, phase, present);
        if (sparse && s % 5 > 1) continue;
        draw(persons, cells);
        const { width, height, cellM } = SCENE;
        yield { epochMs, kernel: 'gaussian', width, height, cellM, originX: 0, originY: 0, cells };
      }
    }
  }

  #arrive(persons: Person[], phase: EventPhase, left: number, eveningS: number): number {
    if (phase !== 'ingress' || left <= 0) return 0;
    const uniform = this.#uniform;
    // All of them within the phase, more in its middle than at its ends on a random evening.
    const expected = left / Math.max(30, 0.1 * eveningS);
    let count = 0;
    for (let p = Math.exp(-expected), x = uniform(); x > p; x *= uniform()) count += 1;
    count = Math.min(count, left);
    for (let i = 0; i < count; i += 1) {
      const west = uniform() < 0.6;
      const seatX = 2 + (WIDTH_M - 4) * uniform();
      const seatY = SEATS_FROM_Y + 1 + (HEIGHT_M - SEATS_FROM_Y - 2) * uniform();
      const kiosk = uniform() < 0.3;
      persons.push({
        x: west ? 0.5 : WIDTH_M - 0.5,
        y: 8 + 4 * uniform(),
        toX: seatX,
        toY: kiosk ? 3 : seatY,
        speed: 1.3 + 0.4 * (uniform() - 0.5),
        rest: 0,
        aim: kiosk ? 2 : 0,
        seatX,
        seatY,
      });
    }
    return count;
  }

  #step(persons: Person[], phase: EventPhase, anomaly: Present | undefined): void {
    const uniform = this.#uniform;
    for (let i = persons.length - 1; i >= 0; i -= 1) {
      const one = persons[i];
      if (phase === 'egress' && one.aim !== 3 && uniform() < 0.008) {
        one.aim = 3;
        one.toX = uniform() < 0.6 ? 0 : WIDTH_M;
        one.toY = 8 + 4 * uniform();
        one.rest = 0;
      } else if (one.aim === 1 && uniform() < (phase === 'half-time' ? 0.003 : 0.0001)) {
        one.aim = 2;
        one.toX = Math.min(WIDTH_M - 2, Math.max(2, one.x + 10 * (uniform() - 0.5)));
        one.toY = 3 + 2 * uniform();
      }
      this.#move(one, anomaly);
      if (one.aim === 3 && Math.hypot(one.toX - one.x, one.toY - one.y) < 1) persons.splice(i, 1);
    }
  }

  #move(one: Person, anomaly: Present | undefined): void {
    const uniform = this.#uniform;
    let { toX, toY } = one;
    if (anomaly !== undefined) {
      const away = Math.hypot(one.x - anomaly.x, one.y - anomaly.y);
      if (anomaly.kind === 'stopped-flow' && away < anomaly.radiusM) return;
      if (anomaly.members.has(one)) {
        if (away < anomaly.radiusM * Math.sqrt(uniform())) return;
        [toX, toY] = [anomaly.x, anomaly.y];
      } else if (anomaly.kind === 'emptying' && away < anomaly.radiusM + 0.5) {
        const out = Math.max(0.1, away);
        toX = anomaly.x + ((one.x - anomaly.x) / out) * 30;
        toY = anomaly.y + ((one.y - anomaly.y) / out) * 30;
      } else if (anomaly.kind === 'emptying' && away < anomaly.radiusM + 2) return;
    }
    const moved = toX !== one.toX || toY !== one.toY;
    if (!moved && one.rest > 0) {
      one.rest -= 1;
      // Nobody stands like a post.
      one.x += 0.05 * (uniform() - 0.5);
      one.y += 0.05 * (uniform() - 0.5);
      return;
    }
    // Along the concourse first, then up to the seat: so that there are ways many share.
    const concourse = one.y < SEATS_FROM_Y - 6 && toY > SEATS_FROM_Y && Math.abs(toX - one.x) > 2 && !moved;
    const dx = toX - one.x;
    const dy = concourse ? 10 - one.y : toY - one.y;
    const distance = Math.hypot(dx, dy);
    const step = Math.min(distance, one.speed * (0.8 + 0.4 * uniform()));
    if (distance > 0.2) {
      one.x = Math.min(WIDTH_M - 0.3, Math.max(0.3, one.x + (dx / distance) * step));
      one.y = Math.min(HEIGHT_M - 0.3, Math.max(0.3, one.y + (dy / distance) * step));
      return;
    }
    if (moved) return;
    if (one.aim === 2) {
      one.rest = 60 + 120 * uniform();
      one.aim = 0;
      one.toX = one.seatX;
      one.toY = one.seatY;
    } else if (one.aim === 0) {
      one.aim = 1;
    } else if (one.aim === 1) one.rest = 5;
  }
}

/** Persons as the density processor draws them: a Gaussian of unit mass each, in whole units per cell. */
function draw(persons: readonly Person[], cells: Uint16Array): void {
  const { width, height, cellM, sigmaM } = SCENE;
  const field = new Float64Array(cells.length);
  const reach = Math.ceil((3 * sigmaM) / cellM);
  for (const { x, y } of persons) {
    const column = Math.floor(x / cellM);
    const row = Math.floor(y / cellM);
    const across = bells(column - reach, reach, x);
    const up = bells(row - reach, reach, y);
    for (let r = Math.max(0, row - reach); r <= Math.min(height - 1, row + reach); r += 1) {
      for (let c = Math.max(0, column - reach); c <= Math.min(width - 1, column + reach); c += 1)
        field[r * width + c] += across[c - column + reach] * up[r - row + reach];
    }
  }
  const scale = 1 / (2 * Math.PI * sigmaM * sigmaM) / RASTER_UNIT;
  for (let c = 0; c < cells.length; c += 1)
    cells[c] = Math.min(RASTER_WALL - 1, Math.round(field[c] * scale));
}

/** The kernel along one axis at the cells from `first` on. */
function bells(first: number, reach: number, at: number): Float64Array {
  const { cellM, sigmaM } = SCENE;
  return Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-(((first + k + 0.5) * cellM - at) ** 2) / (2 * sigmaM * sigmaM)),
  );
}

/** Marks the floor west of `x` metres as unseen. */
export function hideWestOf(frame: RasterFrame, x: number): RasterFrame {
  const cells = frame.cells.slice();
  for (let c = 0; c < cells.length; c += 1) {
    if ((c % frame.width) * frame.cellM < x && cells[c] !== RASTER_WALL) cells[c] = RASTER_UNKNOWN;
  }
  return { ...frame, cells };
}
