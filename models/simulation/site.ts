// What a scenario needs of a venue's ground level: the raster, its passages as cells, and flow fields made when wanted.
import type { Passage, Venue } from '#models/venue/types.ts';
import { type FlowField, flowField, NO_HEADING, slowness } from './field.ts';
import { type Raster, rasterise, visitLineCells } from './raster.ts';

const CELL_M = 0.5;
/** A passage is noticed this far from its line, m. */
const NOTICE_M = 1.5;
/** Depth of the ground in front of a gate where queues stand, m. */
const QUEUE_M = 16;

/** A line people pass, with what the walking of it needs. */
export interface PassageLine {
  readonly id: string;
  readonly kind: 'gate' | 'exit' | 'edge';
  readonly ax: number;
  readonly ay: number;
  readonly bx: number;
  readonly by: number;
  readonly length: number;
  /** Unit vector of the way in. */
  readonly inX: number;
  readonly inY: number;
  readonly lanes: number;
  /** Simulation time, s, from which each lane serves the next person. */
  readonly laneFree: Float64Array;
  locked: boolean;
}

export class Site {
  readonly raster: Raster;
  readonly passages: readonly PassageLine[];
  /** Per cell the gate or exit whose line is near, or -1. */
  readonly nearPassage: Int8Array;
  readonly #slow: Float32Array;
  readonly #lineCells: readonly (readonly number[])[];

  constructor(venue: Venue) {
    const ground = venue.levels.find((l) => l.ordinal === 0);
    if (ground === undefined) throw new Error(`venue ${venue.id} has no ground level (ordinal 0) to walk on`);
    this.raster = rasterise(ground.walkable, CELL_M);
    this.#slow = slowness(this.raster);
    this.passages = [
      ...venue.gates.map((p) => line('gate', p)),
      ...venue.exits.map((p) => line('exit', p)),
      ...(venue.edges ?? []).map((p) => line('edge', p)),
    ];
    this.nearPassage = new Int8Array(this.raster.open.length).fill(-1);
    this.#lineCells = this.passages.map((p) => this.#cellsOn(p.ax, p.ay, p.bx, p.by));
    this.passages.forEach((p, index) => {
      if (p.kind === 'edge') return;
      for (let d = -NOTICE_M; d <= NOTICE_M; d += CELL_M / 2) {
        for (const c of this.#cellsOn(
          p.ax + d * p.inX,
          p.ay + d * p.inY,
          p.bx + d * p.inX,
          p.by + d * p.inY,
        )) {
          this.nearPassage[c] = index;
        }
      }
    });
  }

  #cellsOn(ax: number, ay: number, bx: number, by: number): number[] {
    const cells = new Set<number>();
    visitLineCells(this.raster, ax, ay, bx, by, (c) => {
      if (this.raster.open[c] === 1) cells.add(c);
    });
    return [...cells];
  }

  /** Open cells within `radius` of the segment a-b. */
  cellsNear(ax: number, ay: number, bx: number, by: number, radius: number): number[] {
    const { raster } = this;
    const out: number[] = [];
    const n = (v: number, o: number) => Math.floor((v - o) / raster.cellM);
    for (
      let j = n(Math.min(ay, by) - radius, raster.originY);
      j <= n(Math.max(ay, by) + radius, raster.originY);
      j++
    ) {
      for (
        let i = n(Math.min(ax, bx) - radius, raster.originX);
        i <= n(Math.max(ax, bx) + radius, raster.originX);
        i++
      ) {
        if (i < 0 || j < 0 || i >= raster.width || j >= raster.height) continue;
        const c = j * raster.width + i;
        const x = raster.originX + (i + 0.5) * raster.cellM;
        const y = raster.originY + (j + 0.5) * raster.cellM;
        if (raster.open[c] === 1 && distanceToLine(x, y, ax, ay, bx, by) <= radius) out.push(c);
      }
    }
    return out;
  }

  /** The field to cells `targets`; nobody goes through the passages that `through` refuses. */
  field(targets: Iterable<number>, through: (p: PassageLine) => boolean, slow = this.#slow): FlowField {
    const closed = new Uint8Array(this.raster.open.length);
    this.passages.forEach((p, index) => {
      if (p.kind === 'edge' || through(p)) return;
      for (const c of this.#lineCells[index]!) closed[c] = 1;
    });
    return flowField(this.raster, slow, targets, closed);
  }

  /**
   * Cost of the ground for people bound for `own` (or for no gate): queues in front of the other gates are walked round,
   * and one's own gate is come at from the front, not along the wall.
   */
  #slowFor(own: PassageLine | undefined): Float32Array {
    const slow = this.#slow.slice();
    for (const gate of this.passages) {
      if (gate.kind !== 'gate') continue;
      for (const c of this.cellsNear(gate.ax, gate.ay, gate.bx, gate.by, QUEUE_M)) {
        const { x, y } = this.centre(c);
        const depth = (x - gate.ax) * gate.inX + (y - gate.ay) * gate.inY;
        const along =
          ((x - gate.ax) * (gate.bx - gate.ax) + (y - gate.ay) * (gate.by - gate.ay)) / gate.length;
        if (depth > 0) continue;
        const beside = Math.max(-along, along - gate.length);
        if (gate !== own) slow[c]! *= 3;
        else if (beside > 0 && depth > -QUEUE_M / 2) slow[c]! *= 1 + Math.min(4, beside);
      }
    }
    return slow;
  }

  /** The field through one gate, from outside to just within. */
  inwardField(gate: PassageLine): FlowField {
    const d = 2;
    const targets = this.#cellsOn(
      gate.ax + d * gate.inX,
      gate.ay + d * gate.inY,
      gate.bx + d * gate.inX,
      gate.by + d * gate.inY,
    );
    return this.field(targets, (p) => p === gate, this.#slowFor(gate));
  }

  /** The field out of the building by the nearest of `ways`. */
  outwardField(ways: readonly PassageLine[]): FlowField {
    const d = -2;
    const targets = ways.flatMap((p) =>
      this.#cellsOn(p.ax + d * p.inX, p.ay + d * p.inY, p.bx + d * p.inX, p.by + d * p.inY),
    );
    return this.field(targets, (p) => ways.includes(p));
  }

  /** The field to an edge of the site. */
  edgeField(edge: PassageLine): FlowField {
    return this.field(
      this.#cellsOn(edge.ax, edge.ay, edge.bx, edge.by),
      () => false,
      this.#slowFor(undefined),
    );
  }

  /** Centre of a cell, metres. */
  centre(cell: number): { x: number; y: number } {
    const { originX, originY, cellM, width } = this.raster;
    return {
      x: originX + ((cell % width) + 0.5) * cellM,
      y: originY + (Math.floor(cell / width) + 0.5) * cellM,
    };
  }

  /** Cells from which `field` leads to its target. */
  reach(field: FlowField): number[] {
    const out: number[] = [];
    for (let c = 0; c < field.heading.length; c++) if (field.heading[c] !== NO_HEADING) out.push(c);
    return out;
  }
}

export function distanceToLine(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax;
  const dy = by - ay;
  const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

function line(kind: PassageLine['kind'], p: Passage): PassageLine {
  const [ax, ay] = p.a;
  const [bx, by] = p.b;
  const length = Math.hypot(bx - ax, by - ay);
  const lanes = p.lanes ?? 0;
  return {
    id: p.id,
    kind,
    ax,
    ay,
    bx,
    by,
    length,
    inX: (by - ay) / length,
    inY: (ax - bx) / length,
    lanes,
    laneFree: new Float64Array(Math.max(1, lanes)),
    locked: false,
  };
}
