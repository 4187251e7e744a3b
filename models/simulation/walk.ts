// The walking model: speed from the density felt ahead (Weidmann), capped so that nobody walks into a neighbour
// (collision-free speed model, Tordeux, Chraibi & Seyfried 2016), headings bent by repulsion, walls never crossed.
// Persons move one after the other, each against the places the others have by then: two never overlap by a step.
import { type Crowd, STATE } from './crowd.ts';
import { speedShare } from './fundamental.ts';
import type { Random } from './random.ts';
import { cellAt, type Raster } from './raster.ts';

/** Diameter of a person, m: two centres come no closer. */
export const BODY_M = 0.4;
/** Radius within which neighbours are felt, m; also the cell of the neighbour grid. */
const FEEL_M = 1.5;
/** Weight of a neighbour at distance r and angle a ahead: (1 - (r/R)^2) cos a; its integral is R^2/2. */
const FEEL_NORM = (FEEL_M * FEEL_M) / 2;
/** Calibration of the felt sum to the fundamental diagram: the sum lacks the places nobody can take (walk.test.ts). */
const FEEL_GAIN = 1.08;
const REPEL_M = 0.8;
const REPEL = 0.5;
const PASS = 0.6;
/** Time gap kept to the one ahead, s. */
const TIME_GAP = 0.5;
/** Turns tried by someone held up, radians to the right; the last two are past a neighbour one touches head-on. */
const SIDESTEP = [0.7, -0.7, 1.3, -1.3, 1.6, -1.6] as const;
const MAX_NEAR = 64;
/** Share of the free speed at which people close up in a jam. */
const CREEP = 0.08;

/** May the person move from where it is to (x, y)? Passages, tickets and locks are decided here. */
export type Permit = (person: number, x: number, y: number, cell: number) => boolean;

export class Walkers {
  readonly #crowd: Crowd;
  readonly #raster: Raster;
  readonly #random: Random;
  readonly #gridWidth: number;
  readonly #gridHeight: number;
  readonly #start: Int32Array;
  readonly #members: Int32Array;
  /** Desired heading of each person as a unit vector; (0,0) to stand. Filled by the caller before a step. */
  readonly wantX: Float64Array;
  readonly wantY: Float64Array;
  readonly #nearX = new Float64Array(MAX_NEAR);
  readonly #nearY = new Float64Array(MAX_NEAR);
  readonly #list: Int32Array;
  readonly #new: number[] = [];
  #count = 0;

  constructor(crowd: Crowd, raster: Raster, random: Random) {
    this.#crowd = crowd;
    this.#raster = raster;
    this.#random = random;
    this.#gridWidth = Math.ceil((raster.width * raster.cellM) / FEEL_M) + 1;
    this.#gridHeight = Math.ceil((raster.height * raster.cellM) / FEEL_M) + 1;
    this.#start = new Int32Array(this.#gridWidth * this.#gridHeight + 1);
    this.#members = new Int32Array(crowd.capacity);
    this.#list = new Int32Array(crowd.capacity);
    this.wantX = new Float64Array(crowd.capacity);
    this.wantY = new Float64Array(crowd.capacity);
  }

  /** Sorts everyone who stands or walks on level 0 into the neighbour grid. Call before `step` and `isFree`. */
  index(): void {
    const { state, x, y, level } = this.#crowd;
    const start = this.#start.fill(0);
    const list = this.#list;
    let n = 0;
    this.#new.length = 0;
    for (let i = 0; i < this.#crowd.high; i++) {
      const s = state[i]!;
      if ((s === STATE.walk || s === STATE.dwell || s === STATE.fallen) && level[i] === 0) {
        list[n++] = i;
        start[this.#cell(x[i]!, y[i]!) + 1]!++;
      }
    }
    for (let c = 1; c < start.length; c++) start[c]! += start[c - 1]!;
    // Filling from the back leaves each cell's start where it belongs and its members in rising order.
    for (let k = n - 1; k >= 0; k--) {
      const i = list[k]!;
      this.#members[--start[this.#cell(x[i]!, y[i]!) + 1]!] = i;
    }
    // Now start[c + 1] is the first member of cell c.
    this.#count = n;
  }

  #cell(x: number, y: number): number {
    const i = ((x - this.#raster.originX) / FEEL_M) | 0;
    const j = ((y - this.#raster.originY) / FEEL_M) | 0;
    return j * this.#gridWidth + i;
  }

  /** Tells of a person put on the floor since the last `index`, so that `isFree` knows. */
  note(x: number, y: number): void {
    this.#new.push(x, y);
  }

  /** True when (x, y) is open floor with nobody within `radius` metres. */
  isFree(x: number, y: number, radius: number): boolean {
    const c = cellAt(this.#raster, x, y);
    if (c < 0 || this.#raster.open[c] === 0) return false;
    let free = true;
    for (let k = 0; k < this.#new.length; k += 2) {
      if (Math.hypot(this.#new[k]! - x, this.#new[k + 1]! - y) < radius) return false;
    }
    this.#each(x, y, (j) => {
      const dx = this.#crowd.x[j]! - x;
      const dy = this.#crowd.y[j]! - y;
      if (dx * dx + dy * dy < radius * radius) free = false;
    });
    return free;
  }

  #each(x: number, y: number, visit: (j: number) => void): void {
    const ci = ((x - this.#raster.originX) / FEEL_M) | 0;
    const cj = ((y - this.#raster.originY) / FEEL_M) | 0;
    for (let j = Math.max(0, cj - 1); j <= Math.min(this.#gridHeight - 1, cj + 1); j++) {
      for (let i = Math.max(0, ci - 1); i <= Math.min(this.#gridWidth - 1, ci + 1); i++) {
        const c = j * this.#gridWidth + i;
        const end = c + 2 < this.#start.length ? this.#start[c + 2]! : this.#count;
        for (let k = this.#start[c + 1]!; k < end; k++) visit(this.#members[k]!);
      }
    }
  }

  /** Moves every walking person by `dt` seconds. */
  step(dt: number, permit: Permit): void {
    const { state } = this.#crowd;
    for (let k = 0; k < this.#count; k++) {
      const i = this.#list[k]!;
      if (state[i] === STATE.walk) this.#move(i, dt, permit);
    }
  }

  #move(i: number, dt: number, permit: Permit): void {
    const { x, y, vx, vy, freeSpeed, calm, state } = this.#crowd;
    // The inner loop reads locals only: this is where the time goes.
    const { wantX, wantY } = this;
    const members = this.#members;
    const start = this.#start;
    const nearX = this.#nearX;
    const nearY = this.#nearY;
    const gridWidth = this.#gridWidth;
    const px = x[i]!;
    const py = y[i]!;
    let ex = wantX[i]!;
    let ey = wantY[i]!;
    if (ex === 0 && ey === 0) {
      vx[i] = 0;
      vy[i] = 0;
      return;
    }
    let near = 0;
    let felt = 0;
    let repelX = 0;
    let repelY = 0;
    let oncoming = false;
    const ci = ((px - this.#raster.originX) / FEEL_M) | 0;
    const cj = ((py - this.#raster.originY) / FEEL_M) | 0;
    const lowI = ci > 0 ? ci - 1 : 0;
    const highI = ci < gridWidth - 1 ? ci + 1 : ci;
    const highJ = cj < this.#gridHeight - 1 ? cj + 1 : cj;
    for (let gj = cj > 0 ? cj - 1 : 0; gj <= highJ; gj++) {
      const row = gj * gridWidth;
      // Cells of one row lie one after the other in the member list.
      const last = row + highI;
      const end = last + 2 < start.length ? start[last + 2]! : this.#count;
      for (let k = start[row + lowI + 1]!; k < end; k++) {
        const j = members[k]!;
        if (j === i) continue;
        const dx = x[j]! - px;
        const dy = y[j]! - py;
        const d2 = dx * dx + dy * dy;
        if (d2 > FEEL_M * FEEL_M || d2 === 0) continue;
        const d = Math.sqrt(d2);
        const ahead = (dx * ex + dy * ey) / d;
        if (ahead > 0) felt += (1 - d2 / (FEEL_M * FEEL_M)) * ahead;
        if (d < REPEL_M) {
          const push = (REPEL * (REPEL_M - d)) / (REPEL_M * d);
          repelX -= dx * push;
          repelY -= dy * push;
        }
        if (ahead > 0.8) {
          // Bend round whoever is straight ahead, to the side where there is more room.
          const side = dx * ey - dy * ex >= 0 ? -1 : 1;
          const bend = (PASS * side * (FEEL_M - d)) / FEEL_M;
          repelX += bend * ey;
          repelY -= bend * ex;
        }
        if (ahead > 0.5) {
          // The fallen, those at a counter and those who come towards us are passed on the right.
          if (state[j] !== STATE.walk || wantX[j]! * ex + wantY[j]! * ey < -0.3) oncoming = true;
        }
        if (d < BODY_M + 0.9 && near < MAX_NEAR) {
          nearX[near] = dx;
          nearY[near] = dy;
          near++;
        }
      }
    }
    if (oncoming) {
      repelX += 0.6 * ey;
      repelY -= 0.6 * ex;
    }
    // Repulsion bends the way but never turns it back.
    let bx = ex + repelX;
    let by = ey + repelY;
    const forward = bx * ex + by * ey;
    if (forward < 0.1) {
      bx += (0.1 - forward) * ex;
      by += (0.1 - forward) * ey;
    }
    const norm = Math.hypot(bx, by);
    ex = bx / norm;
    ey = by / norm;
    const density = (calm[i]! * FEEL_GAIN * felt) / FEEL_NORM;
    // Even in a jam people close up until they touch; without this a stopped crowd would never start again.
    const wish = freeSpeed[i]! * Math.max(CREEP, speedShare(density));
    let speed = Math.min(wish, this.#clearance(near, ex, ey) / Math.max(TIME_GAP, dt));
    if (speed < 0.3 * wish && this.#random.uniform() < (oncoming ? 0.7 : 0.1)) {
      // Held up: look for a gap to the side.
      for (const turn of SIDESTEP) {
        const c = Math.cos(turn);
        const s = Math.sin(turn);
        const tx = ex * c + ey * s;
        const ty = ey * c - ex * s;
        const room = (0.7 * this.#clearance(near, tx, ty)) / Math.max(TIME_GAP, dt);
        const v = Math.min(0.7 * wish, room);
        if (v > speed + 0.02) {
          ex = tx;
          ey = ty;
          speed = v;
          break;
        }
      }
    }
    this.#go(i, px, py, ex * speed * dt, ey * speed * dt, dt, permit, near);
  }

  /** How far a person may go along (ex, ey) before it touches one of the first `near` neighbours, m. */
  #clearance(near: number, ex: number, ey: number): number {
    const nearX = this.#nearX;
    const nearY = this.#nearY;
    let room = Infinity;
    for (let k = 0; k < near; k++) {
      const along = nearX[k]! * ex + nearY[k]! * ey;
      if (along <= 0) continue;
      const side = nearX[k]! * ey - nearY[k]! * ex;
      if (side >= BODY_M || side <= -BODY_M) continue;
      const contact = along - Math.sqrt(BODY_M * BODY_M - side * side);
      if (contact < room) room = contact;
    }
    return room > 0 ? room : 0;
  }

  /** Walls: the whole step, else along one axis, else none. */
  #go(
    i: number,
    px: number,
    py: number,
    dx: number,
    dy: number,
    dt: number,
    permit: Permit,
    near: number,
  ): void {
    const { x, y, vx, vy } = this.#crowd;
    let nx = px + dx;
    let ny = py + dy;
    if (!this.#passable(i, px, py, nx, ny, permit)) {
      const alongX = Math.abs(dx) > Math.abs(dy);
      nx = alongX ? px + dx : px;
      ny = alongX ? py : py + dy;
      if (!this.#slides(i, px, py, nx, ny, permit, near)) {
        nx = alongX ? px : px + dx;
        ny = alongX ? py + dy : py;
        if (!this.#slides(i, px, py, nx, ny, permit, near)) {
          nx = px;
          ny = py;
        }
      }
    }
    vx[i] = (nx - px) / dt;
    vy[i] = (ny - py) / dt;
    x[i] = nx;
    y[i] = ny;
  }

  #slides(i: number, px: number, py: number, nx: number, ny: number, permit: Permit, near: number): boolean {
    const length = Math.hypot(nx - px, ny - py);
    if (length === 0) return false;
    if (this.#clearance(near, (nx - px) / length, (ny - py) / length) < length) return false;
    return this.#passable(i, px, py, nx, ny, permit);
  }

  /** True when every cell on the way is open and the passage, if any, lets the person through. */
  #passable(i: number, px: number, py: number, nx: number, ny: number, permit: Permit): boolean {
    const { raster } = this;
    const n = Math.ceil(Math.hypot(nx - px, ny - py) / 0.12);
    let last = -1;
    for (let k = 1; k <= n; k++) {
      const c = cellAt(raster, px + ((nx - px) * k) / n, py + ((ny - py) * k) / n);
      if (c < 0) return false;
      if (c !== last && raster.open[c] === 0) return false;
      last = c;
    }
    return n === 0 || permit(i, nx, ny, last);
  }

  get raster(): Raster {
    return this.#raster;
  }
}
