// Where people walk to: the goals by number (gates, feet of stairs, kiosks, the way out, edges), and the flow field of each,
// made when somebody first wants it.
import { facadeRing, HALF_SECTOR, OFFSETS, SECTORS, sectorCentre } from '#models/venue/demo/stadium-plan.ts';
import type { Stair, Venue } from '#models/venue/types.ts';
import type { FlowField } from './field.ts';
import type { PassageLine, Site } from './site.ts';

type Point = readonly [number, number];

export class Ways {
  readonly gates: readonly PassageLine[];
  readonly edges: readonly PassageLine[];
  /** One a sector. */
  readonly stairs: readonly Stair[];
  readonly kiosks: readonly { x: number; y: number }[];
  /** Goal of the first stair; below are the gates. */
  readonly stair0: number;
  /** Goal of the first kiosk. */
  readonly kiosk0: number;
  /** Goal of all who leave the building; above are the edges. */
  readonly exitGoal: number;
  readonly #site: Site;
  readonly #fields: (FlowField | undefined)[] = [];
  #shut: readonly string[] = [];

  constructor(venue: Venue, site: Site) {
    this.#site = site;
    this.gates = site.passages.filter((p) => p.kind === 'gate');
    this.edges = site.passages.filter((p) => p.kind === 'edge');
    this.stairs = venue.stairs ?? [];
    this.kiosks = Array.from({ length: SECTORS }, (_, k) => {
      const [x, y] = facadeRing.point(sectorCentre(k) + HALF_SECTOR, OFFSETS.kiosksOuter + 1.2);
      return { x, y };
    });
    this.stair0 = this.gates.length;
    this.kiosk0 = this.stair0 + SECTORS;
    this.exitGoal = this.stair0 + 2 * SECTORS;
  }

  stairGoal(sector: number): number {
    return this.stair0 + sector;
  }

  kioskGoal(k: number): number {
    return this.kiosk0 + k;
  }

  edgeGoal(edge: number): number {
    return this.exitGoal + 1 + edge;
  }

  /** The edge that a goal above `exitGoal` is. */
  edgeOf(goal: number): PassageLine {
    return this.edges[goal - this.exitGoal - 1]!;
  }

  gateNamed(id: string): number {
    return this.gates.findIndex((g) => g.id === id);
  }

  /** The edge nearest a gate. */
  edgeBy(gate: number): number {
    const g = this.gates[gate]!;
    let best = 0;
    this.edges.forEach((e, k) => {
      const b = this.edges[best]!;
      if (Math.hypot(e.ax - g.ax, e.ay - g.ay) < Math.hypot(b.ax - g.ax, b.ay - g.ay)) best = k;
    });
    return best;
  }

  /** Those who leave know by now that the ways named `shut` are locked. */
  knowShut(shut: readonly string[]): void {
    if (shut.join() === this.#shut.join()) return;
    this.#shut = shut;
    this.#fields[this.exitGoal] = undefined;
  }

  field(goal: number): FlowField {
    const known = this.#fields[goal];
    if (known !== undefined) return known;
    const made = this.#makeField(goal);
    this.#fields[goal] = made;
    return made;
  }

  #makeField(goal: number): FlowField {
    const site = this.#site;
    if (goal < this.stair0) return site.inwardField(this.gates[goal]!);
    if (goal < this.kiosk0) {
      const { a, b } = upSide(this.stairs[goal - this.stair0]!);
      return site.field(site.cellsNear(a[0], a[1], b[0], b[1], 0.9), () => false);
    }
    if (goal < this.exitGoal) {
      const { x, y } = this.kiosks[goal - this.kiosk0]!;
      return site.field(site.cellsNear(x, y, x + 0.01, y, 0.8), () => false);
    }
    if (goal === this.exitGoal) {
      return site.outwardField(site.passages.filter((p) => p.kind !== 'edge' && !this.#shut.includes(p.id)));
    }
    return site.edgeField(this.edgeOf(goal));
  }
}

/** The half of a stair's foot that people take up; those who come down use the other. */
export function upSide({ a, b }: Stair): { a: Point; b: Point } {
  return { a, b: [a[0] + 0.35 * (b[0] - a[0]), a[1] + 0.35 * (b[1] - a[1])] };
}
