// The walking model against Weidmann's fundamental diagram, walls and crowding.
import { describe, expect, test } from 'vitest';
import { createPolygon, type Polygon, pointInPolygon } from '#models/geometry/polygon.ts';
import { Crowd, STATE } from './crowd.ts';
import { WEIDMANN, weidmannSpeed } from './fundamental.ts';
import { Random } from './random.ts';
import { cellAt, rasterise } from './raster.ts';
import { BODY_M, Walkers } from './walk.ts';

function circle(radius: number): [number, number][] {
  return Array.from({ length: 90 }, (_, k) => {
    const a = (2 * Math.PI * k) / 90;
    return [radius * Math.cos(a), radius * Math.sin(a)];
  });
}

/** People walk round an annulus, an endless corridor; returns their mean speed, m/s. */
function annulusSpeed(density: number, dt: number, seed: number): { speed: number; closest: number } {
  const [inner, outer] = [14, 19];
  const floor: Polygon = createPolygon(circle(outer), [circle(inner)]);
  const raster = rasterise([floor], 0.25);
  const cells = raster.open.reduce((n, c) => n + c, 0);
  const n = Math.round(density * cells * raster.cellM ** 2);
  const crowd = new Crowd(n);
  const random = new Random(seed);
  const walkers = new Walkers(crowd, raster, random);
  const free: number[] = [];
  for (const [c, o] of raster.open.entries()) if (o === 1) free.push(c);
  for (let k = 0; k < n; k++) {
    const i = crowd.add();
    crowd.state[i] = STATE.walk;
    crowd.freeSpeed[i] = WEIDMANN.freeSpeed + WEIDMANN.spread * random.normal();
    // Even spacing by dart throwing with a shrinking distance.
    for (let tries = 0; ; tries++) {
      const c = free[random.below(free.length)]!;
      const x = raster.originX + ((c % raster.width) + random.uniform()) * raster.cellM;
      const y = raster.originY + (Math.floor(c / raster.width) + random.uniform()) * raster.cellM;
      const apart = Math.max(BODY_M, (0.85 - tries / 2000) / Math.sqrt(density));
      let ok = true;
      for (let j = 0; j < i && ok; j++) ok = Math.hypot(crowd.x[j]! - x, crowd.y[j]! - y) >= apart;
      if (!ok && tries < 4000) continue;
      crowd.x[i] = x;
      crowd.y[i] = y;
      break;
    }
  }
  // The sample's mean free speed is made the model's, so that few persons do not shift the figure.
  const shift = WEIDMANN.freeSpeed - crowd.freeSpeed.reduce((a, v) => a + v, 0) / n;
  for (let i = 0; i < n; i++) crowd.freeSpeed[i]! += shift;
  let sum = 0;
  let samples = 0;
  let closest = Infinity;
  const steps = Math.round(60 / dt);
  for (let s = 0; s < steps; s++) {
    for (let i = 0; i < n; i++) {
      const x = crowd.x[i]!;
      const y = crowd.y[i]!;
      // Round the ring; only those near a wall are drawn away from it, or all would end on one line.
      const r = Math.hypot(x, y);
      const off = r - (inner + outer) / 2;
      const inward = Math.abs(off) > 1.8 ? 0.3 * (off - 1.8 * Math.sign(off)) : 0;
      const wx = -y / r - (inward * x) / r;
      const wy = x / r - (inward * y) / r;
      const w = Math.hypot(wx, wy);
      walkers.wantX[i] = wx / w;
      walkers.wantY[i] = wy / w;
    }
    walkers.index();
    walkers.step(dt, () => true);
    if (s * dt < 20) continue;
    for (let i = 0; i < n; i++) {
      sum += Math.hypot(crowd.vx[i]!, crowd.vy[i]!);
      samples++;
      const c = cellAt(raster, crowd.x[i]!, crowd.y[i]!);
      if (raster.open[c] !== 1) throw new Error('someone left the floor');
      if (s % 20 === 0) {
        for (let j = 0; j < i; j++) {
          closest = Math.min(closest, Math.hypot(crowd.x[i]! - crowd.x[j]!, crowd.y[i]! - crowd.y[j]!));
        }
      }
    }
  }
  for (let i = 0; i < n; i++) expect(pointInPolygon(floor, crowd.x[i]!, crowd.y[i]!)).toBe(true);
  return { speed: sum / samples, closest };
}

describe('fundamental diagram: mean speed in an endless corridor 5 m wide is Weidmann within 0.12 m/s', () => {
  test.each([0.1, 0.5, 1, 1.5, 2, 3, 4])('%d persons per square metre, 0.25 s steps', (density) => {
    const { speed, closest } = annulusSpeed(density, 0.25, 7);
    expect(Math.abs(speed - weidmannSpeed(density))).toBeLessThan(0.12);
    // Nobody overlaps anybody: bodies are discs, and discs of this size cannot be packed to 7.3 per square metre.
    expect(closest).toBeGreaterThan(BODY_M - 0.02);
  });
});
