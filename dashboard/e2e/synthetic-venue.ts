// A venue whose truth is known: persons placed by a seeded generator, their exact counts and rasters worked out here, and all
// of it published as a processor and cameras would. For tests of the wall only.
import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { boundingBox, pointInPolygon } from '#models/geometry/polygon.ts';
import type { Venue, Zone } from '#models/venue/types.ts';
import { formatVenueDocument, writeVenue } from '#models/venue/write.ts';
import { apply } from '#streams/apply.ts';
import {
  CELL_UNKNOWN,
  CELL_WALL,
  encodeGrid,
  type GridFrame,
  quantiseDensity,
} from '#streams/schema/grid.ts';
import { emptyTrackFrame, encodeTracks } from '#streams/schema/tracks.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { gridSubject, observationSubject, windowSubject } from '#streams/subjects.ts';
import { BUCKET, topology } from '#streams/topology.ts';

export const CELL_M = 0.5;

/** mulberry32: small, seeded, the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface SyntheticOptions {
  readonly venue: Venue;
  readonly level: number;
  /** Mean density of a zone, p/m2; null: no camera sees it. */
  readonly density: (zone: Zone, index: number) => number | null;
  readonly seed: number;
}

/** What is true of one zone. */
export interface ZoneTruth {
  readonly zone: Zone;
  /** Exact number of persons, or null where unknown. */
  readonly count: number | null;
}

export class SyntheticVenue {
  readonly venue: Venue;
  readonly level: number;
  readonly truth: readonly ZoneTruth[];
  readonly #x: number[] = [];
  readonly #y: number[] = [];
  readonly #grid: Omit<GridFrame, 'epochMs'>;

  constructor({ venue, level, density, seed }: SyntheticOptions) {
    this.venue = venue;
    this.level = level;
    const random = generator(seed);
    const zones = venue.zones.filter((zone) => zone.level === level);
    this.truth = zones.map((zone, index) => {
      const target = density(zone, index);
      if (target === null) return { zone, count: null };
      return { zone, count: this.#fill(zone, Math.round(target * zone.areaM2), random) };
    });
    this.#grid = this.#raster();
  }

  get persons(): number {
    return this.#x.length;
  }

  /** The raster's number at local metres, p/m2. */
  cellAt(x: number, y: number): number | undefined {
    const { originX, originY, width, cells } = this.#grid;
    const cell = cells[Math.floor((y - originY) / CELL_M) * width + Math.floor((x - originX) / CELL_M)];
    return cell === undefined || cell >= CELL_WALL ? undefined : cell / 1000;
  }

  /** Window results of every zone of the level for the window that ends at `end`. */
  windows(end: number, lengthMs = 5000): DensityWindow[] {
    return this.truth.map(({ zone, count }) => {
      const density = count === null ? null : count / zone.areaM2;
      return {
        org: this.venue.org,
        venue: this.venue.id,
        key: zone.id,
        level: zone.level,
        start: end - lengthMs,
        end,
        hopMs: 1000,
        revision: 0,
        completeness: count === null ? 0 : 0.98,
        silent: count === null ? ['camera-x'] : [],
        metric: 'density',
        count: count === null ? null : { mean: count, max: count },
        density: density === null ? null : { mean: density, max: density },
        speed: count === null ? null : 0.9,
        levelOfService: density === null ? null : fruin(density),
        samples: count === null ? 0 : count * 10,
        ticks: count === null ? 0 : 10,
      };
    });
  }

  async publishWindows(js: JetStreamClient, end: number, lengthMs = 5000): Promise<void> {
    await Promise.all(
      this.windows(end, lengthMs).map((window) =>
        js.publish(
          windowSubject('density', this.venue.org, this.venue.id, window.key),
          new TextEncoder().encode(JSON.stringify(window)),
        ),
      ),
    );
  }

  async publishGrid(js: JetStreamClient, epochMs: number): Promise<void> {
    await js.publish(
      gridSubject(this.venue.org, this.venue.id, this.level),
      encodeGrid({ ...this.#grid, epochMs }),
    );
  }

  publishPeople(nc: NatsConnection, epochMs: number, seq: number): void {
    const frame = emptyTrackFrame({ epochMs, level: this.level, seq }, this.persons);
    for (let i = 0; i < this.persons; i++) {
      frame.ids[i] = i;
      frame.x[i] = this.#x[i]! + 0.15 * Math.sin(seq / 5 + i);
      frame.y[i] = this.#y[i]! + 0.15 * Math.cos(seq / 5 + i);
    }
    const { org, id: venue } = this.venue;
    nc.publish(observationSubject('tracks', { org, venue, source: 'synthetic' }), encodeTracks(frame));
  }

  /** Persons denser towards the zone's middle, so that the raster has a gradient. */
  #fill(zone: Zone, count: number, random: () => number): number {
    const box = boundingBox(zone.area);
    for (let placed = 0, tries = 0; placed < count; tries++) {
      if (tries > 500 * (count + 10)) return placed;
      const x = (box.minX + box.maxX) / 2 + ((random() + random() - 1) * (box.maxX - box.minX)) / 2;
      const y = (box.minY + box.maxY) / 2 + ((random() + random() - 1) * (box.maxY - box.minY)) / 2;
      if (!pointInPolygon(zone.area, x, y) || !this.#walkable(x, y)) continue;
      this.#x.push(x);
      this.#y.push(y);
      placed++;
    }
    return count;
  }

  #walkable(x: number, y: number): boolean {
    const floor = this.venue.levels.find((level) => level.ordinal === this.level);
    return floor?.walkable.some((area) => pointInPolygon(area, x, y)) ?? false;
  }

  #raster(): Omit<GridFrame, 'epochMs'> {
    const floor = this.venue.levels.find((level) => level.ordinal === this.level)!;
    const boxes = floor.walkable.map(boundingBox);
    const originX = Math.floor(Math.min(...boxes.map((box) => box.minX)));
    const originY = Math.floor(Math.min(...boxes.map((box) => box.minY)));
    const width = Math.ceil((Math.max(...boxes.map((box) => box.maxX)) - originX) / CELL_M);
    const height = Math.ceil((Math.max(...boxes.map((box) => box.maxY)) - originY) / CELL_M);
    // Box kernel of 2.5 m: persons within it, over its area.
    const sums = new Float64Array(width * height);
    const reach = 2;
    for (let i = 0; i < this.#x.length; i++) {
      const cx = Math.floor((this.#x[i]! - originX) / CELL_M);
      const cy = Math.floor((this.#y[i]! - originY) / CELL_M);
      for (let y = Math.max(0, cy - reach); y <= Math.min(height - 1, cy + reach); y++) {
        for (let x = Math.max(0, cx - reach); x <= Math.min(width - 1, cx + reach); x++)
          sums[y * width + x]!++;
      }
    }
    const kernelM2 = ((2 * reach + 1) * CELL_M) ** 2;
    const unknown = this.truth.filter(({ count }) => count === null).map(({ zone }) => zone.area);
    const cells = new Uint16Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const px = originX + (x + 0.5) * CELL_M;
        const py = originY + (y + 0.5) * CELL_M;
        const at = y * width + x;
        if (!this.#walkable(px, py)) cells[at] = CELL_WALL;
        else if (unknown.some((area) => pointInPolygon(area, px, py))) cells[at] = CELL_UNKNOWN;
        else cells[at] = quantiseDensity(sums[at]! / kernelM2);
      }
    }
    return {
      level: this.level,
      kernel: 'box',
      width,
      height,
      cellM: CELL_M,
      originX,
      originY,
      completeness: 0.98,
      revision: 0,
      cells,
    };
  }
}

/** Fruin 1971, walkways, by density (1/m2). */
function fruin(density: number): 'A' | 'B' | 'C' | 'D' | 'E' | 'F' {
  const limits = [0.308, 0.43, 0.718, 1.076, 2.153];
  return (['A', 'B', 'C', 'D', 'E', 'F'] as const)[limits.findIndex((limit) => density <= limit)] ?? 'F';
}

/** Makes the streams and stores the venues, as an installation would. */
export async function prepareServer(nc: NatsConnection, venues: readonly Venue[]): Promise<JetStreamClient> {
  await apply(await jetstreamManager(nc), topology({ storageBytes: 1024 ** 3 }));
  for (const venue of venues) await storeVenue(nc, venue);
  return jetstream(nc);
}

export async function storeVenue(nc: NatsConnection, venue: Venue): Promise<void> {
  const kv = await new Kvm(nc).open(BUCKET.venues);
  await kv.put(`${venue.org}.${venue.id}`, formatVenueDocument(writeVenue(venue)));
}
