// An event's programme: which phase holds when, and how far into it a moment lies. What is usual at a venue depends on this
// far more than on the time of day.

/** Phases of an event; `none` where no event is on or nothing is known of it. */
export const eventPhases = ['none', 'ingress', 'play', 'half-time', 'egress'] as const;
export type EventPhase = (typeof eventPhases)[number];

/** The phase holds from `fromMs` until before `toMs`, event time in UTC epoch ms. */
export interface PhaseSpan {
  readonly phase: EventPhase;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface EventProgramme {
  /** Name of the event, unique among the venue's. */
  readonly event: string;
  /** In order of time, not overlapping. A phase may occur several times: two halves, four quarters. */
  readonly phases: readonly PhaseSpan[];
}

/** Where in an event a moment lies. */
export interface EventPlace {
  readonly event: string;
  readonly phase: EventPhase;
  /** Phase and which occurrence of it within the event, from 1: `play-2` is the second half. */
  readonly part: string;
  /** Time since the part began, ms. */
  readonly sinceMs: number;
  /** Length of all phases of the event together, ms. */
  readonly wholeMs: number;
}

/** The place of a moment in the first of the programmes that has one for it; undefined when no event is on. */
export function placeAt(programmes: readonly EventProgramme[], epochMs: number): EventPlace | undefined {
  for (const { event, phases } of programmes) {
    const at = phases.findIndex(({ fromMs, toMs }) => epochMs >= fromMs && epochMs < toMs);
    if (at < 0) continue;
    const { phase, fromMs } = phases[at]!;
    if (phase === 'none') continue;
    const occurrence = phases.slice(0, at + 1).filter((span) => span.phase === phase).length;
    const wholeMs = phases.reduce((sum, span) => sum + span.toMs - span.fromMs, 0);
    return { event, phase, part: `${phase}-${occurrence}`, sinceMs: epochMs - fromMs, wholeMs };
  }
  return undefined;
}
