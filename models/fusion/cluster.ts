// Which sightings are one person: camera after camera, the sightings of one are assigned to the persons found so far so that
// the whole fits best. Two sightings of one camera are never one person, because each person takes at most one of them.
import { assignSparse } from './assignment.ts';
import type { Sighting } from './sighting.ts';

/** Sightings of one person, by camera, and what follows from them. */
export interface Cluster {
  readonly sightings: Sighting[];
  /** Mean position, weighted by the inverse of the variances. */
  x: number;
  y: number;
  /** Variance of each coordinate of the mean, m2. */
  variance: number;
}

/** Clusters by the square of the floor they are in. */
class Squares {
  readonly #size: number;
  readonly #squares = new Map<number, number[]>();

  constructor(clusters: readonly Cluster[], size: number) {
    this.#size = size;
    clusters.forEach(({ x, y }, i) => {
      const key = this.#key(Math.floor(x / size), Math.floor(y / size));
      const known = this.#squares.get(key);
      if (known) known.push(i);
      else this.#squares.set(key, [i]);
    });
  }

  /** Calls with every cluster in the squares about (x, y): all within `size`, and some beyond. */
  each(x: number, y: number, take: (i: number) => void): void {
    const [column, row] = [Math.floor(x / this.#size), Math.floor(y / this.#size)];
    for (let c = column - 1; c <= column + 1; c++) {
      for (let r = row - 1; r <= row + 1; r++) {
        for (const i of this.#squares.get(this.#key(c, r)) ?? []) take(i);
      }
    }
  }

  #key(column: number, row: number): number {
    // Coordinates reach 100 km: well within 2^26 squares either way, so that the key is exact.
    return column * 2 ** 26 + row;
  }
}

/**
 * Persons behind `sightings`, which are in order of camera and local id. A pair costs its squared Mahalanobis distance
 * |a - b|^2 / (var a + var b), and `change` more where the two were not one person before; beyond `gate` there is no pair.
 */
export function clusterSightings(
  sightings: readonly Sighting[],
  gate: number,
  change: number,
  unseen?: Unseen,
): Cluster[] {
  const clusters: Cluster[] = [];
  for (let from = 0; from < sightings.length; ) {
    const { camera } = sightings[from]!;
    let to = from;
    while (to < sightings.length && sightings[to]!.camera === camera) to++;
    const rows = sightings.slice(from, to);
    const columns = assignSightings(rows, clusters, gate, change, unseen);
    rows.forEach((sighting, r) => {
      const column = columns[r]!;
      if (column < 0) {
        clusters.push(alone(sighting));
      } else addTo(clusters[column]!, sighting);
    });
    from = to;
  }
  return clusters;
}

/** What it says that a camera does not show somebody. */
export interface Unseen {
  /** Cameras that cover a place. */
  covering(x: number, y: number): readonly number[];
  /** What it costs, in squared Mahalanobis distance, that a camera misses somebody in its view: -2 ln of the miss rate. */
  readonly missed: number;
}

/** The cluster of each sighting of one camera, -1 for none: the least total cost, see clusterSightings. */
export function assignSightings(
  rows: readonly Sighting[],
  clusters: readonly Cluster[],
  gate: number,
  change: number,
  unseen?: Unseen,
): Int32Array {
  const none = new Int32Array(rows.length).fill(-1);
  if (clusters.length === 0) return none;
  const widest = (list: readonly { variance: number }[]): number =>
    list.reduce((most, { variance }) => Math.max(most, variance), 0);
  const reach = Math.sqrt((widest(rows) + widest(clusters)) * gate);
  const squares = new Squares(clusters, Math.max(0.1, reach));
  const starts = new Int32Array(rows.length + 1);
  const targets: number[] = [];
  const costs: number[] = [];
  // Which cameras cover the places, asked once for each.
  const views = new Array<readonly number[] | undefined>(clusters.length);
  rows.forEach((one, r) => {
    const oneViews = unseen?.covering(one.x, one.y);
    squares.each(one.x, one.y, (c) => {
      const other = clusters[c]!;
      const d = ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) / (one.variance + other.variance);
      let explained = 0;
      if (unseen !== undefined && oneViews !== undefined) {
        views[c] ??= unseen.covering(other.x, other.y);
        explained = explainedAway(one, oneViews, other, views[c], unseen);
      }
      if (d + explained > gate) return;
      const same =
        one.person !== 0 &&
        !one.guessed &&
        other.sightings.some((s) => !s.guessed && s.person === one.person);
      targets.push(c);
      costs.push(explained + (same ? d : d + change));
    });
    starts[r + 1] = targets.length;
  });
  if (targets.length === 0) return none;
  return assignSparse({ rows: rows.length, columns: clusters.length, starts, targets, costs }, gate + change);
}

/**
 * What speaks against one person: that neither camera shows the other's person needs no miss where it does not cover the
 * place. Two who stand on either side of a seam are two. Measured places are uncertain: one that is within a
 * deviation of a view is taken as in it.
 * @param oneViews cameras that cover the sighting's place
 * @param otherViews cameras that cover the cluster's place
 */
function explainedAway(
  one: Sighting,
  oneViews: readonly number[],
  other: Cluster,
  otherViews: readonly number[],
  { covering, missed }: Unseen,
): number {
  const theirs =
    other.sightings.some(({ camera }) => oneViews.includes(camera)) ||
    other.sightings.some(({ camera }) => nearly(camera, one, other));
  const mine = otherViews.includes(one.camera) || nearly(one.camera, other, one);
  return (theirs ? 0 : missed) + (mine ? 0 : missed);

  /** Whether the camera covers a place a deviation from `from` towards `to`. */
  function nearly(camera: number, from: Place, to: Place): boolean {
    const apart = Math.hypot(one.x - other.x, one.y - other.y);
    const share = apart > 0 ? Math.min(1, Math.sqrt(from.variance) / apart) : 0;
    return covering(from.x + share * (to.x - from.x), from.y + share * (to.y - from.y)).includes(camera);
  }
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly variance: number;
}

/** A cluster of one. */
export function alone(sighting: Sighting): Cluster {
  const { x, y, variance } = sighting;
  return { sightings: [sighting], x, y, variance };
}

function addTo(cluster: Cluster, sighting: Sighting): void {
  const [a, b] = [1 / cluster.variance, 1 / sighting.variance];
  cluster.x = (a * cluster.x + b * sighting.x) / (a + b);
  cluster.y = (a * cluster.y + b * sighting.y) / (a + b);
  cluster.variance = 1 / (a + b);
  cluster.sightings.push(sighting);
}

/**
 * Gives each cluster the id of a person: the first of its sightings' former ones that is not given yet, else a new one from
 * `next`. What a sighting is only guessed to be counts when all have had what they were. Every sighting remembers it.
 */
export function identify(clusters: readonly Cluster[], next: () => number): number[] {
  const given = new Set<number>();
  const ids = new Array<number>(clusters.length).fill(0);
  for (const guessed of [false, true]) {
    clusters.forEach(({ sightings }, k) => {
      if (ids[k] !== 0) return;
      const former = sightings.find((s) => s.guessed === guessed && s.person !== 0 && !given.has(s.person));
      if (former === undefined) return;
      ids[k] = former.person;
      given.add(former.person);
    });
  }
  clusters.forEach(({ sightings }, k) => {
    if (ids[k] === 0) ids[k] = next();
    for (const sighting of sightings) {
      sighting.person = ids[k]!;
      sighting.guessed = false;
    }
  });
  return ids;
}
