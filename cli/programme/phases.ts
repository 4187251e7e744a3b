// The phases of an event as people write them: by a kick-off and lengths, or phase by phase.
import type { PhaseSpanMessage } from '#streams/schema/events.ts';

const PHASES = ['ingress', 'play', 'half-time', 'egress'] as const;
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
const ZONED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** @throws Error for what is no time, or one without its zone: two people would read it differently */
export function parseInstant(text: string): number {
  const ms = ZONED.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new Error(`"${text}" is no time with its zone: write 2026-05-02T19:30:00+08:00`);
  return ms;
}

/** A length such as `90m`, `1h30m`, `45s`, in ms. */
export function parseLength(text: string): number {
  const parts = /^(\d+h)?(\d+m)?(\d+s)?$/.exec(text);
  const ms = (parts?.slice(1) ?? []).reduce(
    (sum, part) => sum + (part === undefined ? 0 : Number(part.slice(0, -1)) * UNIT_MS[part.slice(-1)]!),
    0,
  );
  if (text === '' || ms === 0) throw new Error(`"${text}" is no length of time: write 90m, 1h30m or 45s`);
  return ms;
}

export interface Lengths {
  readonly kickOff: number;
  readonly doors: number;
  readonly half: number;
  readonly halfTime: number;
  readonly egress: number;
}

/** Doors, two halves with half-time between, and the way home; all in ms. */
export function footballPhases({ kickOff, doors, half, halfTime, egress }: Lengths): PhaseSpanMessage[] {
  let at = kickOff - doors;
  const next = (phase: PhaseSpanMessage['phase'], length: number): PhaseSpanMessage => {
    const fromMs = at;
    at += length;
    return { phase, fromMs, toMs: at };
  };
  return [
    next('ingress', doors),
    next('play', half),
    next('half-time', halfTime),
    next('play', half),
    next('egress', egress),
  ];
}

/**
 * `ingress=<time>,play=<time>,...,end=<time>`: each phase lasts until the next begins, the last until `end`.
 * @throws Error saying what is wrong with the list
 */
export function parsePhases(text: string): PhaseSpanMessage[] {
  const parts = text.split(',').map((part) => {
    const at = part.indexOf('=');
    if (at < 0) throw new Error(`"${part}" is no phase=time`);
    return { name: part.slice(0, at), fromMs: parseInstant(part.slice(at + 1)) };
  });
  const last = parts.pop();
  if (last?.name !== 'end' || parts.length === 0) throw new Error('the list must end with end=<time>');
  return parts.map(({ name, fromMs }, i) => {
    const phase = PHASES.find((one) => one === name);
    if (phase === undefined) throw new Error(`"${name}" is no phase: use ${PHASES.join(', ')}`);
    const toMs = parts[i + 1]?.fromMs ?? last.fromMs;
    if (toMs <= fromMs) throw new Error(`${name} ends before it begins: put the phases in order of time`);
    return { phase, fromMs, toMs };
  });
}
