// The venue model: organisation -> venue -> level -> zones, gates, exits, cameras, doors, fences, in local metres.
// Stored as GeoJSON (see parse.ts); this is the parsed form that programs use.

/** Rings as flat x,y pairs without the closing point; exterior counter-clockwise, holes clockwise. Metres. */
export interface AreaM {
  readonly exterior: Float64Array;
  readonly holes: readonly Float64Array[];
}

export interface Names {
  readonly zh: string;
  readonly en: string;
}

/** Ties local metres to the map: the WGS84 position of (0,0) and the bearing of the local +y axis, degrees from north. */
export interface GeoAnchor {
  readonly longitude: number;
  readonly latitude: number;
  readonly bearingDeg: number;
}

export interface Level {
  /** 0 ground, 1 above, -1 below. */
  readonly ordinal: number;
  readonly name: Names;
  /** Floor height above ground, metres. */
  readonly elevationM: number;
  /** Where people can be; walls are what is left out. */
  readonly walkable: readonly AreaM[];
}

interface Placed {
  /** A subject token, unique within the venue. */
  readonly id: string;
  readonly level: number;
  readonly name: Names;
}

export interface Zone extends Placed {
  readonly area: AreaM;
  /** Walkable area of the zone, m2: the divisor of its density. */
  readonly areaM2: number;
  readonly use: 'moving' | 'standing' | 'seated' | 'pitch' | 'water';
  /** Approved number of persons, where one is set. */
  readonly capacity?: number;
}

/** A line people pass: from a to b, "in" is from the left of a->b to its right. */
export interface Passage extends Placed {
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
  readonly widthM: number;
  /** Ticket-checked lanes side by side (turnstiles); absent where people pass freely. */
  readonly lanes?: number;
}

/** Stairs, a ramp or a vomitory between two levels: the lower end `a`-`b` is on `level`, the upper end on `toLevel`. */
export interface Stair extends Placed {
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
  readonly toLevel: number;
  readonly toA: readonly [number, number];
  readonly toB: readonly [number, number];
  readonly widthM: number;
  /** Walking length, metres. */
  readonly lengthM: number;
}

export interface Camera extends Placed {
  readonly x: number;
  readonly y: number;
  /** The floor it observes. A place seen by several cameras belongs to the first in the venue's list that covers it. */
  readonly coverage: AreaM;
  /** Frames per second it is expected to deliver. */
  readonly framesPerSecond: number;
}

export interface Fence extends Placed {
  readonly area: AreaM;
}

export interface Venue {
  readonly org: string;
  readonly id: string;
  readonly name: Names;
  readonly version: number;
  readonly kind: 'stadium' | 'pool' | 'hall' | 'park' | 'other';
  readonly timeZone: string;
  readonly anchor: GeoAnchor;
  /** One tick of the venue, 100 to 10,000 ms: the instant at which counts of several cameras are added. A multiple of the
   * cameras' frame periods gives every tick the same number of frames; window lengths are rounded to whole ticks. */
  readonly tickMs: number;
  readonly levels: readonly Level[];
  readonly zones: readonly Zone[];
  readonly gates: readonly Passage[];
  readonly exits: readonly Passage[];
  readonly doors: readonly Passage[];
  readonly cameras: readonly Camera[];
  readonly fences: readonly Fence[];
  /** Ways between levels. */
  readonly stairs?: readonly Stair[];
  /** Lines at the rim of the site where people come from and leave to. */
  readonly edges?: readonly Passage[];
}
