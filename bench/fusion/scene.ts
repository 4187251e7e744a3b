// A crowd on one floor and cameras that err, with the truth: persons who keep their distance and walk across a floor in two
// directions, seen by cameras as the simulator's noise model says (error correlated over 10 s, misses independent).
import type { View } from '#models/fusion/index.ts';
import { Random } from '#models/simulation/index.ts';

export interface SceneOptions {
  readonly widthM: number;
  readonly heightM: number;
  readonly density: number;
  readonly sigmaM: number;
  readonly missRate: number;
  /** Of each camera, the part of the floor it covers: x from, x to. */
  readonly cameras: readonly (readonly [number, number])[];
  readonly stepMs: number;
  readonly seed: number;
  /** Probability per detection that the camera's tracker gives the person a new id. Default 0. */
  readonly switchRate?: number;
}

const CORRELATION_S = 10;
/** Persons nearer than this step apart, m. */
const CONTACT_M = 0.45;

interface Memory {
  id: number;
  ex: number;
  ey: number;
  x: number;
  y: number;
  seenMs: number;
}

export class Scene {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly count: number;
  epochMs = 0;
  readonly #options: SceneOptions;
  readonly #random: Random;
  readonly #speed: Float64Array;
  readonly #memory: Map<number, Memory>[];
  readonly #nextId: number[];

  constructor(options: SceneOptions) {
    const { widthM, heightM, density, seed } = options;
    this.#options = options;
    this.#random = new Random(seed);
    this.count = Math.round(widthM * heightM * density);
    // A jittered lattice: nobody stands inside another.
    const columns = Math.ceil(Math.sqrt((this.count * widthM) / heightM));
    const rows = Math.ceil(this.count / columns);
    const jitter = (): number => 0.6 * (this.#random.uniform() - 0.5);
    this.x = Float64Array.from(
      { length: this.count },
      (_, i) => (((i % columns) + 0.5 + jitter()) * widthM) / columns,
    );
    this.y = Float64Array.from(
      { length: this.count },
      (_, i) => ((Math.floor(i / columns) + 0.5 + jitter()) * heightM) / rows,
    );
    // Slower where it is denser, as on any walkway.
    const free = Math.max(0.1, 1.34 * (1 - density / 5.4));
    this.#speed = Float64Array.from(
      { length: this.count },
      () => (this.#random.uniform() < 0.5 ? -1 : 1) * free * (0.8 + 0.4 * this.#random.uniform()),
    );
    this.#memory = options.cameras.map(() => new Map<number, Memory>());
    this.#nextId = options.cameras.map(() => 1);
  }

  /** Moves everybody on by one step; who leaves the floor comes back at the other side as somebody new. */
  advance(): void {
    const { widthM, heightM, stepMs } = this.#options;
    const dt = stepMs / 1000;
    this.epochMs += stepMs;
    const { x, y } = this;
    for (let i = 0; i < this.count; i++) {
      x[i] += this.#speed[i] * dt;
      y[i] = Math.min(heightM, Math.max(0, y[i] + 0.1 * dt * this.#random.normal()));
      if (x[i] < 0 || x[i] >= widthM) {
        x[i] = (x[i] + widthM) % widthM;
        for (const memory of this.#memory) memory.delete(i);
      }
    }
    this.#keepApart();
  }

  #keepApart(): void {
    const { heightM, widthM } = this.#options;
    const order = Array.from(this.x.keys()).sort((a, b) => this.x[a] - this.x[b] || a - b);
    order.forEach((i, at) => {
      for (let k = at + 1; k < order.length; k++) {
        const j = order[k];
        const dx = this.x[j] - this.x[i];
        if (dx > CONTACT_M) break;
        const dy = this.y[j] - this.y[i];
        const d = Math.hypot(dx, dy);
        if (d >= CONTACT_M) continue;
        const push = (CONTACT_M - d) / 2;
        const side = dy >= 0 ? 1 : -1;
        this.y[i] = Math.min(heightM, Math.max(0, this.y[i] - side * push));
        this.y[j] = Math.min(heightM, Math.max(0, this.y[j] + side * push));
        this.x[i] = Math.min(widthM - 1e-6, Math.max(0, this.x[i]));
      }
    });
  }

  covering(x: number): number[] {
    return this.#options.cameras.flatMap(([from, to], c) => (x >= from && x < to ? [c] : []));
  }

  views(): View[] {
    return this.#options.cameras.map((_, camera) => this.#view(camera));
  }

  #view(camera: number): View {
    const { sigmaM, missRate } = this.#options;
    const [from, to] = this.#options.cameras[camera];
    const memory = this.#memory[camera];
    const [ids, xs, ys, vxs, vys]: number[][] = [[], [], [], [], []];
    for (let i = 0; i < this.count; i++) {
      if (this.x[i] < from || this.x[i] >= to) {
        memory.delete(i);
        continue;
      }
      if (this.#random.uniform() < missRate) continue;
      const known = memory.get(i);
      const gap = known === undefined ? Number.POSITIVE_INFINITY : (this.epochMs - known.seenMs) / 1000;
      const keep = Math.exp(-gap / CORRELATION_S);
      const kick = sigmaM * Math.sqrt(1 - keep * keep);
      const ex = keep * (known?.ex ?? 0) + kick * this.#random.normal();
      const ey = keep * (known?.ey ?? 0) + kick * this.#random.normal();
      const [x, y] = [this.x[i] + ex, this.y[i] + ey];
      const switched =
        this.#options.switchRate !== undefined && this.#random.uniform() < this.#options.switchRate;
      const id = known === undefined || switched ? this.#nextId[camera]++ : known.id;
      ids.push(id);
      xs.push(x);
      ys.push(y);
      vxs.push(known === undefined || gap > 2 ? Number.NaN : (x - known.x) / gap);
      vys.push(known === undefined || gap > 2 ? Number.NaN : (y - known.y) / gap);
      memory.set(i, { id, ex, ey, x, y, seenMs: this.epochMs });
    }
    return { camera, epochMs: this.epochMs, count: ids.length, ids, x: xs, y: ys, vx: vxs, vy: vys };
  }
}
