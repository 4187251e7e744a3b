// A colour that means two densities, or an order that some eyes cannot see, is a wrong number on a wall.
import { describe, expect, it } from 'vitest';
import {
  DENSITY_STOPS,
  DENSITY_TOP,
  densityColour,
  densityColourGlsl,
  inkOn,
  type Rgb,
  relativeLuminance,
  UNKNOWN_RGB,
} from './density-scale.ts';

// Machado, Oliveira & Fernandes 2009, severity 1.0, applied in linear RGB.
const VISION: Record<string, readonly number[]> = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function toLinear(c: number): number {
  const s = c / 255;
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
}

/** CIE L*a*b* (D65) of a colour as someone with the given vision sees it. */
function lab(rgb: Rgb, vision: readonly number[]): [number, number, number] {
  const [r, g, b] = rgb.map(toLinear) as [number, number, number];
  const seen = [0, 3, 6].map((row) =>
    Math.min(1, Math.max(0, vision[row]! * r + vision[row + 1]! * g + vision[row + 2]! * b)),
  ) as [number, number, number];
  const x = 0.4124564 * seen[0] + 0.3575761 * seen[1] + 0.1804375 * seen[2];
  const y = 0.2126729 * seen[0] + 0.7151522 * seen[1] + 0.072175 * seen[2];
  const z = 0.0193339 * seen[0] + 0.119192 * seen[1] + 0.9503041 * seen[2];
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (841 / 108) * t + 4 / 29);
  const [fx, fy, fz] = [f(x / 0.95047), f(y), f(z / 1.08883)];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

describe('density scale', () => {
  it('is anchored at the densities the safety levels use', () => {
    expect(DENSITY_STOPS.map((stop) => stop.density)).toEqual([0, 0.5, 1, 2, 3.5, 5, 6, 7]);
    expect(DENSITY_TOP).toBe(7);
  });

  for (const [name, vision] of Object.entries(VISION)) {
    it(`climbs in lightness and keeps its steps apart with ${name}`, () => {
      const seen = DENSITY_STOPS.map((stop) => lab(stop.rgb, vision));
      for (let i = 1; i < seen.length; i++) {
        const [l0, a0, b0] = seen[i - 1]!;
        const [l1, a1, b1] = seen[i]!;
        expect(l1, `lightness at ${DENSITY_STOPS[i]!.density}`).toBeGreaterThan(l0 + 2);
        expect(Math.hypot(l1 - l0, a1 - a0, b1 - b0), `step to ${DENSITY_STOPS[i]!.density}`).toBeGreaterThan(
          9,
        );
      }
    });
  }

  it('returns each anchor exactly, interpolates between, saturates above', () => {
    for (const stop of DENSITY_STOPS) expect(densityColour(stop.density).rgb).toEqual(stop.rgb);
    const [below, above] = [DENSITY_STOPS[3]!, DENSITY_STOPS[4]!];
    const middle = densityColour((below.density + above.density) / 2);
    expect(middle.rgb[0]).toBeCloseTo((below.rgb[0] + above.rgb[0]) / 2);
    expect(densityColour(40).rgb).toEqual(densityColour(7).rgb);
  });

  it('draws unknown in a grey of its own, never as zero', () => {
    expect(densityColour(Number.NaN).rgb).toEqual(UNKNOWN_RGB);
    expect(densityColour(Number.NaN).rgb).not.toEqual(densityColour(0).rgb);
  });

  it('writes on every colour with a contrast of at least 4.5', () => {
    for (let density = 0; density <= 8; density += 0.05) {
      const luminance = relativeLuminance(densityColour(density).rgb);
      const ink = inkOn(density) === '#000' ? 0 : 1;
      const contrast = (Math.max(luminance, ink) + 0.05) / (Math.min(luminance, ink) + 0.05);
      expect(contrast, `at ${density} p/m2`).toBeGreaterThan(4.5);
    }
  });

  it('puts every stop into the shader', () => {
    const shader = densityColourGlsl();
    for (const stop of DENSITY_STOPS.slice(1)) expect(shader).toContain(`<= ${stop.density.toFixed(6)}`);
    expect(shader.match(/mix\(/g)).toHaveLength(DENSITY_STOPS.length - 1);
  });
});
