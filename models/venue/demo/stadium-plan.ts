// Measures of the demo stadium: one rounded ring from the touchline out to the rim of the plaza, and its 20,000 seats.
// Offsets are metres outwards from the front row of the bowl.
import { type Point, RoundedRing } from './ring.ts';

export const STADIUM_SEATS = 20_000;
export const SECTORS = 24;
export const OFFSETS = {
  /** Front and back of the bowl. */
  bowlFront: 0,
  bowlBack: 26,
  /** Cross-aisle half way up, where the vomitories come out. */
  crossAisleInner: 10,
  crossAisle: 11,
  crossAisleOuter: 12,
  /** Ground level, under the bowl: inner wall of the concourse, its kiosks, its façade. */
  concourseInner: 11,
  kiosksOuter: 14,
  facadeInner: 26,
  gateLine: 26.5,
  facadeOuter: 27,
  forecourtOuter: 45,
  plazaOuter: 73,
} as const;
export const AISLE_HALF_WIDTH = 0.6;
const SEAT_PITCH = 0.53;
const ROW_PITCH = 0.8;
const LOWER_ROWS = 11;
const UPPER_ROWS = 16;
const PIT_HALF_WIDTH = 1.6;

const shape = (reference: number) => new RoundedRing(57, 39, 10, reference);
/** Sectors and rows: fractions by the length of the cross-aisle. */
export const bowlRing = shape(13);
/** Concourse, façade, gates and exits. */
export const facadeRing = shape(26);
/** Plaza. */
export const plazaRing = shape(50);

/** Fraction of the centre of sector `k`; sector boundaries, where the radial aisles run, are half a sector away. */
export const sectorCentre = (k: number): number => k / SECTORS;
export const HALF_SECTOR = 0.5 / SECTORS;

/** The stairwell of sector `k` on the upper level, seen from above. */
export function vomitoryPit(k: number): Point[] {
  const f = sectorCentre(k);
  const inner = 6.6;
  const h = PIT_HALF_WIDTH / bowlRing.metric(f, 8);
  return bowlRing.patch(f - h, f + h, inner, OFFSETS.crossAisleInner);
}

/** All seats as columns; `sector`, `fraction` and `offset` say where, `side` which radial aisle serves it (-1, +1). */
export interface SeatPlan {
  readonly count: number;
  readonly sector: Uint8Array;
  readonly side: Int8Array;
  readonly fraction: Float64Array;
  readonly offset: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** The 20,000 seats, in order of sector, row (front first) and place; surplus places of the back rows are left out. */
export function stadiumSeats(): SeatPlan {
  const places: { sector: number; row: number; fraction: number; offset: number }[] = [];
  for (let sector = 0; sector < SECTORS; sector++) {
    const centre = sectorCentre(sector);
    for (let row = 0; row < LOWER_ROWS + UPPER_ROWS; row++) {
      const offset = row < LOWER_ROWS ? 1 + row * ROW_PITCH : 13 + (row - LOWER_ROWS) * ROW_PITCH;
      const metric = (f: number): number => bowlRing.metric(f, offset);
      const pit = offset > 6.2 && offset < OFFSETS.crossAisleInner ? PIT_HALF_WIDTH + 0.3 : 0;
      const clear = AISLE_HALF_WIDTH + SEAT_PITCH / 2;
      const last = centre + HALF_SECTOR - clear / metric(centre + HALF_SECTOR);
      // Step by step, as the scale changes where a straight meets a corner.
      let fraction = centre - HALF_SECTOR + clear / metric(centre - HALF_SECTOR);
      for (; fraction <= last; fraction = bowlRing.advance(fraction, offset, SEAT_PITCH)) {
        if (Math.abs(fraction - centre) * metric(centre) >= pit)
          places.push({ sector, row, fraction, offset });
      }
    }
  }
  const surplus = places.length - STADIUM_SEATS;
  if (surplus < 0) throw new Error(`the bowl holds only ${places.length} seats`);
  // Leave out places of the back row, spread evenly round the bowl.
  const back = places.filter((p) => p.row === LOWER_ROWS + UPPER_ROWS - 1);
  if (surplus > back.length) throw new Error(`${surplus} places too many for one row to lose`);
  const dropped = new Set(
    Array.from({ length: surplus }, (_, i) => back[Math.floor((i * back.length) / surplus)]),
  );
  const kept = places.filter((p) => !dropped.has(p));
  const plan = {
    count: kept.length,
    sector: Uint8Array.from(kept, (p) => p.sector),
    side: Int8Array.from(kept, (p) => (p.fraction < sectorCentre(p.sector) ? -1 : 1)),
    fraction: Float64Array.from(kept, (p) => p.fraction),
    offset: Float64Array.from(kept, (p) => p.offset),
    x: new Float64Array(kept.length),
    y: new Float64Array(kept.length),
  };
  for (let i = 0; i < kept.length; i++) {
    const { x, y } = bowlRing.at(plan.fraction[i]!, plan.offset[i]!);
    plan.x[i] = x;
    plan.y[i] = y;
  }
  return plan;
}
