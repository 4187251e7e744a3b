// The rings of a venue's polygons: closed in the document, open here, simple, of some area, and turned one way.
import { signedRingArea } from '#models/geometry/polygon.ts';
import { segmentsIntersect } from '#models/geometry/segment.ts';
import { MAX_LOCAL_M, type RingPositions } from './document.ts';
import { VenueError } from './errors.ts';
import type { AreaM } from './types.ts';

/**
 * Exterior counter-clockwise, holes clockwise.
 * @throws VenueError `ring-degenerate`, `ring-self-intersects`
 */
export function toArea(id: string, rings: readonly RingPositions[]): AreaM {
  const [exterior, ...holes] = rings;
  return {
    exterior: toRing(id, exterior!, true),
    holes: holes.map((hole) => toRing(id, hole, false)),
  };
}

/** Open ring, turned counter-clockwise or clockwise. */
function toRing(id: string, positions: RingPositions, counterClockwise: boolean): Float64Array {
  const first = positions[0]!;
  const last = positions[positions.length - 1]!;
  if (first[0] !== last[0] || first[1] !== last[1]) {
    throw new VenueError(
      'ring-degenerate',
      id,
      'a ring is not closed',
      'repeat the first position at the end',
    );
  }
  const open = positions.slice(0, -1);
  const ring = Float64Array.from(open.flat());
  for (const v of ring) {
    // Written so that NaN fails too.
    if (!(Math.abs(v) <= MAX_LOCAL_M)) {
      throw new VenueError(
        'ring-degenerate',
        id,
        `coordinate ${v} is not local metres`,
        `stay within ${MAX_LOCAL_M} m`,
      );
    }
  }
  checkSimple(id, ring);
  const area = signedRingArea(ring);
  if (open.length < 3 || area === 0) {
    throw new VenueError('ring-degenerate', id, 'a ring encloses no area', 'give at least three corners');
  }
  if (area > 0 === counterClockwise) return ring;
  // Turn it but keep the first corner first.
  return Float64Array.from([open[0]!, ...open.slice(1).reverse()].flat());
}

function checkSimple(id: string, ring: Float64Array): void {
  const n = ring.length / 2;
  for (let i = 0; i < n; i++) {
    const i2 = (i + 1) % n;
    const edge = { ax: ring[2 * i]!, ay: ring[2 * i + 1]!, bx: ring[2 * i2]!, by: ring[2 * i2 + 1]! };
    for (let j = i + 2; j < n; j++) {
      const j2 = (j + 1) % n;
      if (j2 === i) continue; // neighbours share a corner
      if (segmentsIntersect(edge, ring[2 * j]!, ring[2 * j + 1]!, ring[2 * j2]!, ring[2 * j2 + 1]!)) {
        throw new VenueError(
          'ring-self-intersects',
          id,
          `the ring crosses itself near (${edge.ax}, ${edge.ay})`,
          'redraw it so that its edges meet only at corners',
        );
      }
    }
  }
}
