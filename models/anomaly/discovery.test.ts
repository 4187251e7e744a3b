// False alarms held at a rate whatever the distribution, and true departures still found.
import { describe, expect, it } from 'vitest';
import { DiscoveryGate, SeenMagnitudes } from './discovery.ts';

/** A fixed stream of numbers in (0,1). */
function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}
function normals(seed: number): () => number {
  const u = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(u())) * Math.cos(2 * Math.PI * u());
}
const SERIES = 50;
const MOMENTS = 3000;
const RATE = 0.01;
const always = () => true;

function run(next: () => number, rate = RATE): { alarms: number; moments: number; gate: DiscoveryGate } {
  const gate = new DiscoveryGate(SERIES, rate, new SeenMagnitudes());
  let alarms = 0;
  let moments = 0;
  for (let k = 0; k < MOMENTS; k++) {
    const raised = gate.judge(Float64Array.from({ length: SERIES }, next), always).filter((v) => v.alarm);
    alarms += raised.length;
    if (raised.length > 0) moments++;
  }
  return { alarms, moments, gate };
}

describe('false discovery over the series of a moment', () => {
  it('alarms at no more than the rate when nothing is wrong, for light and heavy tails alike', () => {
    const normal = normals(1);
    const heavy = normals(2);
    for (const next of [normal, () => heavy() / (0.1 + Math.abs(heavy())) ** 1.5]) {
      const { moments } = run(next);
      // Binomial, four deviations.
      expect(moments).toBeLessThan(RATE * MOMENTS + 4 * Math.sqrt(RATE * MOMENTS));
    }
  });

  it('counts a departure of two moments in one direction, and neither one moment nor a swing', () => {
    const { gate } = run(normals(3));
    const rest = normals(4);
    const moment = (value: number) =>
      gate.judge(
        Float64Array.from({ length: SERIES }, (_, i) => (i === 7 ? value : rest())),
        always,
      )[7]!;
    expect(moment(30).alarm).toBe(false);
    expect(moment(0.1).alarm).toBe(false);
    expect(moment(30).alarm).toBe(false);
    expect(moment(-30).alarm).toBe(false);
    expect(moment(-30).alarm).toBe(true);
    // One alarm while it lasts, another after it was over.
    expect(Array.from({ length: 20 }, () => moment(-30).alarm)).not.toContain(true);
    for (let k = 0; k < 6; k++) expect(moment(0.1).alarm).toBe(false);
    expect([moment(30).alarm, moment(30).alarm]).toEqual([false, true]);
  });

  it('does not let one anomaly hide the next', () => {
    const { gate } = run(normals(5));
    const rest = normals(6);
    const both = (a: number, b: number) => {
      const verdicts = gate.judge(
        Float64Array.from({ length: SERIES }, (_, i) => (i === 1 ? a : i === 2 ? b : rest())),
        always,
      );
      return [verdicts[1]!.alarm, verdicts[2]!.alarm];
    };
    both(1000, 0);
    expect(both(1000, 0)).toEqual([true, false]);
    for (let k = 0; k < 5; k++) both(1000, 0);
    both(0, 12);
    expect(both(0, 12)[1]).toBe(true);
  });

  it('passes over what is not material, unknown, or comes before enough was seen', () => {
    const { gate } = run(normals(7));
    const far = () =>
      Float64Array.from({ length: SERIES }, (_, i) => (i === 0 ? 40 : i === 1 ? Number.NaN : 0.1));
    gate.judge(far(), () => false);
    expect(gate.judge(far(), () => false).some(({ alarm }) => alarm)).toBe(false);
    const fresh = new DiscoveryGate(SERIES, RATE, new SeenMagnitudes());
    fresh.judge(far(), always);
    expect(fresh.judge(far(), always).some(({ alarm }) => alarm)).toBe(false);
  });

  it('goes on after a restart as if there had been none, series found by their old place', () => {
    const seen = new SeenMagnitudes();
    const gate = new DiscoveryGate(SERIES, RATE, seen);
    const next = normals(8);
    for (let k = 0; k < 200; k++) gate.judge(Float64Array.from({ length: SERIES }, next), always);
    const seenAgain = new SeenMagnitudes();
    seenAgain.restore(seen.snapshot());
    const again = new DiscoveryGate(SERIES, RATE, seenAgain);
    const same = Array.from({ length: SERIES }, (_, i) => i);
    again.restore(gate.snapshot(), same);
    const values = Float64Array.from({ length: SERIES }, next);
    expect(again.judge(values, always)).toEqual(gate.judge(values, always));
    // A new series has no moment before.
    again.restore(gate.snapshot(), [-1, ...same.slice(1)]);
    expect(again.judge(values, always)[0]).toEqual({
      rarity: 0,
      needed: Number.POSITIVE_INFINITY,
      alarm: false,
    });
  });
});
