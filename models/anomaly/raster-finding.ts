// What the detector of unusual places finds, and a finding as a plain line.
import type { EventPhase } from './index.ts';
import type { RasterKind } from './raster-slot.ts';

/** One unusual place. */
export interface RasterFinding {
  readonly kind: RasterKind;
  /** In [0,1]; at least 0.5 exactly when `alarm`. */
  readonly score: number;
  /** Raised once per anomaly, and again when it has become clearly more extreme. */
  readonly alarm: boolean;
  readonly evidence: number;
  /** When the alarm for this place was first raised; undefined while there was none. */
  readonly sinceMs: number | undefined;
  /** Centroid, weighted by evidence, m. */
  readonly x: number;
  readonly y: number;
  /** Floor of the place, m2. */
  readonly areaM2: number;
  /** Persons there now (mean over the slot) and usually. */
  readonly persons: number;
  readonly usualPersons: number;
  /** Mean speed there, m/s, and the usual one; NaN unless the kind is stopped-flow. */
  readonly speed: number;
  readonly usualSpeed: number;
  /** Centres of its blocks as x0, y0, x1, y1, ..., m. */
  readonly centres: Float64Array;
}

/** One slot. */
export interface RasterResult {
  readonly startMs: number;
  readonly endMs: number;
  readonly phase: EventPhase;
  /** `unknown`: no floor was seen. `learning`: too little was seen of this phase to alarm. */
  readonly state: 'unknown' | 'learning' | 'watching';
  /** The highest of the findings, else what the heaviest place comes to; NaN when unknown. */
  readonly score: number;
  readonly alarm: boolean;
  /** Share of the floor that was seen. */
  readonly known: number;
  /** Persons on the floor that was seen. */
  readonly persons: number;
  /** Highest score first; at most four. Places that are over or beneath notice are left out. */
  readonly findings: readonly RasterFinding[];
}

const whole = (value: number): string => String(Math.round(value));

/** One plain line, such as `unexpected crowd: 34 persons where 6 are usual, 52 m2 around (12, 40)`. */
export function describeFinding(finding: RasterFinding): string {
  const { kind, persons, usualPersons, speed, usualSpeed, areaM2, x, y } = finding;
  const where = `${whole(areaM2)} m2 around (${whole(x)}, ${whole(y)})`;
  switch (kind) {
    case 'unexpected-crowd':
      return `unexpected crowd: ${whole(persons)} persons where ${whole(usualPersons)} are usual, ${where}`;
    case 'emptying':
      return `emptying: ${whole(persons)} persons left where ${whole(usualPersons)} are usual, ${where}`;
    case 'stopped-flow':
      return (
        `stopped flow: ${whole(persons)} persons at ${speed.toFixed(1)} m/s where ` +
        `${usualSpeed.toFixed(1)} m/s is usual, ${where}`
      );
  }
}
