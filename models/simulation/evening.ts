// The order of an evening: when people come, watch, fetch something and go home.
import type { Random } from './random.ts';

export type Phase = 'ingress' | 'first-half' | 'half-time' | 'second-half' | 'egress' | 'pause';
export const PHASES: readonly Phase[] = [
  'ingress',
  'first-half',
  'half-time',
  'second-half',
  'egress',
  'pause',
];

/** Length of each phase, s. People walk as fast in a short evening as in a long one. */
export type Schedule = Readonly<Record<Phase, number>>;

const MINUTE = 60;
/** An evening as it is, and one compressed for a demonstration. */
export const SCHEDULES = {
  full: {
    ingress: 90 * MINUTE,
    'first-half': 47 * MINUTE,
    'half-time': 15 * MINUTE,
    'second-half': 49 * MINUTE,
    egress: 30 * MINUTE,
    pause: 5 * MINUTE,
  },
  demo: {
    ingress: 30 * MINUTE,
    'first-half': 5 * MINUTE,
    'half-time': 6 * MINUTE,
    'second-half': 5 * MINUTE,
    egress: 14 * MINUTE,
    pause: MINUTE,
  },
} as const satisfies Record<string, Schedule>;

export function eveningLength(schedule: Schedule): number {
  return PHASES.reduce((sum, p) => sum + schedule[p], 0);
}

/** The phase at `t` seconds into the evening, and when it began. Past the end it is the last. */
export function phaseAt(schedule: Schedule, t: number): { phase: Phase; since: number } {
  let since = 0;
  for (const phase of PHASES) {
    if (t < since + schedule[phase] || phase === 'pause') return { phase, since };
    since += schedule[phase];
  }
  throw new Error('a schedule has a last phase');
}

/**
 * When each of `persons` arrives at the rim of the site, s into the evening, in order: a bell with its peak at 60 % of the
 * ingress and a deviation of 20 %, some late.
 */
export function arrivalTimes(schedule: Schedule, persons: number, random: Random): Float64Array {
  const length = schedule.ingress;
  const out = new Float64Array(persons);
  for (let i = 0; i < persons; i++) {
    out[i] = Math.min(1.1, Math.max(0, 0.6 + 0.2 * random.normal())) * length;
    // Nobody comes at one and the same instant at the two ends.
    if (out[i] === 0 || out[i]! >= 1.1 * length) out[i] = random.uniform() * length;
  }
  return out.sort();
}
