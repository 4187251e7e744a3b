// Local metres <-> WGS84: round trip to under a millimetre over a kilometre, and scale against known figures.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { localToWgs84, wgs84ToLocal } from './anchor.ts';

test('round trip is within a millimetre over a kilometre, at any anchor and bearing', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -179, max: 179, noNaN: true }),
      fc.double({ min: -80, max: 80, noNaN: true }),
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: -1000, max: 1000, noNaN: true }),
      fc.double({ min: -1000, max: 1000, noNaN: true }),
      (longitude, latitude, bearingDeg, x, y) => {
        const anchor = { longitude, latitude, bearingDeg };
        const [bx, by] = wgs84ToLocal(anchor, ...localToWgs84(anchor, x, y));
        expect(Math.hypot(bx - x, by - y)).toBeLessThan(1e-3);
      },
    ),
  );
});

test('a minute of latitude and of longitude has the length the ellipsoid gives it', () => {
  // WGS84 at 45 degrees: one degree of latitude 111 131.7 m, one of longitude 78 846.8 m.
  const anchor = { longitude: 10, latitude: 45, bearingDeg: 0 };
  const [, lat] = localToWgs84(anchor, 0, 111_131.7 / 60);
  expect(lat).toBeCloseTo(45 + 1 / 60, 5);
  const [lon] = localToWgs84(anchor, 78_846.8 / 60, 0);
  expect(lon).toBeCloseTo(10 + 1 / 60, 5);
});

test('the bearing is that of the local +y axis, clockwise from north', () => {
  const anchor = { longitude: 112, latitude: 31, bearingDeg: 90 };
  const [lon, lat] = localToWgs84(anchor, 0, 100);
  expect(lon).toBeGreaterThan(112.0009);
  expect(lat).toBeCloseTo(31, 6);
});
