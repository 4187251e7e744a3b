// The one meaning of colour on the wall: density in p/m2, fixed anchors, never rescaled to what is on the screen.
//
// The anchors follow the domain: 0.5 free, 1, 2 slowed (blue level), 3.5 contact (yellow), 5 dangerous (orange), 6 (red),
// 7 critical. The colours climb in lightness without a turn, so order survives every kind of colour vision and a
// grey print; density-scale.test.ts checks that under simulated protanopia, deuteranopia and tritanopia.

export type Rgb = readonly [red: number, green: number, blue: number];

export interface DensityStop {
  /** Density, p/m2. */
  readonly density: number;
  /** sRGB, 0-255. */
  readonly rgb: Rgb;
  /** Opacity over the plan, [0,1]: an empty floor shows the plan, not a coat of paint. */
  readonly alpha: number;
}

/** Ascending in density; between two stops colour and opacity are interpolated linearly. */
export const DENSITY_STOPS: readonly DensityStop[] = [
  { density: 0, rgb: [22, 38, 74], alpha: 0 },
  { density: 0.5, rgb: [28, 54, 118], alpha: 0.75 },
  { density: 1, rgb: [54, 72, 164], alpha: 0.85 },
  { density: 2, rgb: [146, 84, 190], alpha: 0.9 },
  { density: 3.5, rgb: [206, 88, 148], alpha: 0.94 },
  { density: 5, rgb: [244, 126, 84], alpha: 0.96 },
  { density: 6, rgb: [253, 184, 60], alpha: 0.98 },
  { density: 7, rgb: [255, 246, 176], alpha: 1 },
];

/** Highest anchor: anything above has its colour. */
export const DENSITY_TOP = DENSITY_STOPS[DENSITY_STOPS.length - 1]!.density;

/** What "we do not know" looks like, everywhere. */
export const UNKNOWN_RGB: Rgb = [126, 134, 150];

/** Colour of `density` p/m2 as sRGB 0-255 and opacity; NaN (unknown) is grey. */
export function densityColour(density: number): { rgb: Rgb; alpha: number } {
  if (Number.isNaN(density)) return { rgb: UNKNOWN_RGB, alpha: 0.6 };
  const first = DENSITY_STOPS[0]!;
  if (density <= first.density) return first;
  for (let i = 1; i < DENSITY_STOPS.length; i++) {
    const above = DENSITY_STOPS[i]!;
    if (density <= above.density) {
      const below = DENSITY_STOPS[i - 1]!;
      const t = (density - below.density) / (above.density - below.density);
      return {
        rgb: [
          mix(below.rgb[0], above.rgb[0], t),
          mix(below.rgb[1], above.rgb[1], t),
          mix(below.rgb[2], above.rgb[2], t),
        ],
        alpha: mix(below.alpha, above.alpha, t),
      };
    }
  }
  return DENSITY_STOPS[DENSITY_STOPS.length - 1]!;
}

function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** `rgb(…)` text of a density for style sheets; opaque. */
export function densityCss(density: number): string {
  const [r, g, b] = densityColour(density).rgb;
  return `rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)})`;
}

/** Black or white, whichever reads better on the density's colour (WCAG relative luminance). */
export function inkOn(density: number): '#000' | '#fff' {
  return relativeLuminance(densityColour(density).rgb) > 0.179 ? '#000' : '#fff';
}

/** WCAG 2 relative luminance of an sRGB colour, [0,1]. */
export function relativeLuminance(rgb: Rgb): number {
  return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

function linear(channel: number): number {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

/** GLSL `vec4 densityColour(float density)` of the same scale: the shader is generated, so it cannot differ. */
export function densityColourGlsl(): string {
  const number = (value: number): string => value.toFixed(6);
  const colour = ({ rgb, alpha }: DensityStop): string =>
    `vec4(${rgb.map((channel) => number(channel / 255)).join(', ')}, ${number(alpha)})`;
  const steps = DENSITY_STOPS.slice(1).map((above, i) => {
    const below = DENSITY_STOPS[i]!;
    return (
      `  if (density <= ${number(above.density)}) return mix(${colour(below)}, ${colour(above)}, ` +
      `(density - ${number(below.density)}) / ${number(above.density - below.density)});`
    );
  });
  return [
    'vec4 densityColour(float density) {',
    `  if (density <= ${number(DENSITY_STOPS[0]!.density)}) return ${colour(DENSITY_STOPS[0]!)};`,
    ...steps,
    `  return ${colour(DENSITY_STOPS[DENSITY_STOPS.length - 1]!)};`,
    '}',
  ].join('\n');
}
