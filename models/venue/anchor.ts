// Local metres <-> WGS84. Local metres lie in the plane tangent to the ellipsoid at the anchor (east, north, up),
// turned by the anchor's bearing; formulas: ECEF/ENU as in EPSG guidance note 7-2, methods 9602 and 9837.
import type { GeoAnchor } from './types.ts';

const A = 6_378_137; // WGS84 semi-major axis, m
const F = 1 / 298.257223563;
const E2 = F * (2 - F);
const RAD = Math.PI / 180;

interface Frame {
  readonly sinLat: number;
  readonly cosLat: number;
  readonly sinLon: number;
  readonly cosLon: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

function frame(longitude: number, latitude: number): Frame {
  const sinLat = Math.sin(latitude * RAD);
  const cosLat = Math.cos(latitude * RAD);
  const sinLon = Math.sin(longitude * RAD);
  const cosLon = Math.cos(longitude * RAD);
  const n = A / Math.sqrt(1 - E2 * sinLat * sinLat);
  return {
    sinLat,
    cosLat,
    sinLon,
    cosLon,
    x: n * cosLat * cosLon,
    y: n * cosLat * sinLon,
    z: n * (1 - E2) * sinLat,
  };
}

/** `[longitude, latitude]` in degrees of the local point (x, y), metres. Good to millimetres within 10 km of the anchor. */
export function localToWgs84(anchor: GeoAnchor, x: number, y: number): [number, number] {
  const f = frame(anchor.longitude, anchor.latitude);
  const b = anchor.bearingDeg * RAD;
  const east = x * Math.cos(b) + y * Math.sin(b);
  const north = -x * Math.sin(b) + y * Math.cos(b);
  // Put the point on the ellipsoid, not on the tangent plane: below it by d^2/2R.
  const up = -(east * east + north * north) / (2 * A);
  const px = f.x - f.sinLon * east - f.sinLat * f.cosLon * north + f.cosLat * f.cosLon * up;
  const py = f.y + f.cosLon * east - f.sinLat * f.sinLon * north + f.cosLat * f.sinLon * up;
  const pz = f.z + f.cosLat * north + f.sinLat * up;
  const p = Math.hypot(px, py);
  let latitude = Math.atan2(pz, p * (1 - E2));
  for (let k = 0; k < 5; k++) {
    const s = Math.sin(latitude);
    const n = A / Math.sqrt(1 - E2 * s * s);
    latitude = Math.atan2(pz + E2 * n * s, p);
  }
  return [Math.atan2(py, px) / RAD, latitude / RAD];
}

/** Local `[x, y]` in metres of a WGS84 position in degrees; the inverse of {@link localToWgs84}. */
export function wgs84ToLocal(anchor: GeoAnchor, longitude: number, latitude: number): [number, number] {
  const f = frame(anchor.longitude, anchor.latitude);
  const q = frame(longitude, latitude);
  const dx = q.x - f.x;
  const dy = q.y - f.y;
  const dz = q.z - f.z;
  const east = -f.sinLon * dx + f.cosLon * dy;
  const north = -f.sinLat * f.cosLon * dx - f.sinLat * f.sinLon * dy + f.cosLat * dz;
  const b = anchor.bearingDeg * RAD;
  return [east * Math.cos(b) - north * Math.sin(b), east * Math.sin(b) + north * Math.cos(b)];
}
