// Measures of the demo stadium that its floors, zones, passages and cameras agree on.
import { plazaRing } from './stadium-plan.ts';

export const GATES = [
  { side: 'e', zh: '东', en: 'East', fraction: 0 },
  { side: 'n', zh: '北', en: 'North', fraction: 0.25 },
  { side: 'w', zh: '西', en: 'West', fraction: 0.5 },
  { side: 's', zh: '南', en: 'South', fraction: 0.75 },
] as const;
export const GATE_WIDTH = 14.4;
export const GATE_LANES = 12;
export const EXIT_WIDTH = 6;
export const EXIT_FRACTIONS = [1, 2, 4, 5, 7, 8, 10, 11].map((k) => k / 12);
export const FORECOURT_HALF = 18;
export const APPROACH_HALF = 12;
export const APPROACH_LENGTH = 25;
/** Two digits. */
export const two = (n: number): string => String(n).padStart(2, '0');

/** Half a forecourt's width along the plaza's ring, as a fraction of it. */
export const forecourtFraction = FORECOURT_HALF / plazaRing.length;

/** The eight stretches of plaza between the forecourts. */
export function plazaStretches() {
  return GATES.flatMap((g, i) => {
    const from = g.fraction + forecourtFraction;
    const to = g.fraction + 0.25 - forecourtFraction;
    const next = GATES[(i + 1) % 4]!;
    const mid = (from + to) / 2;
    return [
      {
        id: `plaza-${g.side}${next.side}-1`,
        zh: `${g.zh}${next.zh}广场一区`,
        en: `Plaza ${g.en}-${next.en} 1`,
        from,
        to: mid,
      },
      {
        id: `plaza-${g.side}${next.side}-2`,
        zh: `${g.zh}${next.zh}广场二区`,
        en: `Plaza ${g.en}-${next.en} 2`,
        from: mid,
        to,
      },
    ];
  });
}
