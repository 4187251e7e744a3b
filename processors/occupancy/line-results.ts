// What lines have counted since their passages were last published, how well they saw, and when the site is due: lines speak
// every tick, and most of the time of nobody.
import { z } from 'zod';
import type { Entry } from '#models/occupancy/index.ts';
import type { GateWindow } from '#streams/schema/occupancy.ts';

export interface Passed {
  readonly in: number;
  readonly out: number;
  readonly corrections: GateWindow['corrections'];
}

export interface LineNews {
  readonly entry: Entry;
  readonly endMs: number;
  readonly known: boolean;
  readonly completeness: number | null;
  readonly silent: readonly string[];
  /** When its passage's counters were compared last. */
  readonly comparedMs: number | null;
}

const correction = z.object({
  epochMs: z.number(),
  direction: z.enum(['in', 'out', 'both']),
  reason: z.string(),
  before: z.number(),
  after: z.number(),
  raw: z.number(),
  counted: z.number(),
});
const line = z.object({
  in: z.number(),
  out: z.number(),
  corrections: z.array(correction),
  changed: z.boolean(),
  endMs: z.number().nullable(),
  known: z.boolean().nullable(),
  completeness: z.number().nullable(),
  silent: z.array(z.string()),
  comparedMs: z.number().nullable(),
});
type Line = z.infer<typeof line>;
const stateSchema = z.object({
  lines: z.array(z.tuple([z.string(), line])),
  published: z.number(),
  awaited: z.number().nullable(),
});

const UNHEARD: Line = {
  in: 0,
  out: 0,
  corrections: [],
  changed: false,
  endMs: null,
  known: null,
  completeness: null,
  silent: [],
  comparedMs: null,
};

export class LineResults {
  readonly #lines: Map<string, Line>;
  /** The second up to which the site is published, and a later one that some lines have reached. */
  #published = 0;
  #awaited: number | null = null;

  constructor(ids: readonly string[]) {
    this.#lines = new Map(ids.map((id) => [id, UNHEARD]));
  }

  /** Adds what a window brought; true when there is something to publish of its passage. */
  take(id: string, { entry, endMs, known, completeness, silent, comparedMs }: LineNews): boolean {
    const before = this.#lines.get(id) ?? UNHEARD;
    const changed =
      before.changed ||
      entry.in !== 0 ||
      entry.out !== 0 ||
      entry.corrections.length > 0 ||
      known !== before.known ||
      comparedMs !== before.comparedMs;
    this.#lines.set(id, {
      in: before.in + entry.in,
      out: before.out + entry.out,
      corrections: [...before.corrections, ...entry.corrections],
      changed,
      endMs: Math.max(endMs, before.endMs ?? endMs),
      known,
      completeness,
      silent: [...silent],
      comparedMs,
    });
    return changed;
  }

  /** What has passed since the last time; from now on anew. */
  flush(id: string): Passed {
    const one = this.#lines.get(id) ?? UNHEARD;
    this.#lines.set(id, { ...one, in: 0, out: 0, corrections: [], changed: false });
    return { in: one.in, out: one.out, corrections: one.corrections };
  }

  /** How well a line saw in its last window: share of expected frames, and the cameras that were silent. */
  sight(id: string): { completeness: number | null; silent: string[] } {
    const { completeness, silent } = this.#lines.get(id) ?? UNHEARD;
    return { completeness, silent: [...silent] };
  }

  /** Of several lines the mean share, where a line that nobody sees has 0; null without lines. */
  sightOf(ids: readonly string[]): { completeness: number | null; silent: string[] } {
    let total = 0;
    const cameras = new Set<string>();
    for (const id of ids) {
      const { completeness, silent } = this.sight(id);
      total += completeness ?? 0;
      for (const camera of silent) cameras.add(camera);
    }
    return { completeness: ids.length === 0 ? null : total / ids.length, silent: [...cameras].sort() };
  }

  /**
   * Whether the site is to be published now that some line has reached the end of a second: when all have, or, where some line
   * says nothing, when another one has reached the next.
   */
  isDue(second: number): boolean {
    if (second <= this.#published) return false;
    const before = this.#awaited;
    const complete = [...this.#lines.values()].every(({ endMs }) => endMs !== null && endMs >= second);
    this.#awaited = complete ? null : second;
    if (complete) this.#published = second;
    else if (before !== null && second > before) this.#published = before;
    else return false;
    return true;
  }

  snapshot(): string {
    const state: z.infer<typeof stateSchema> = {
      lines: [...this.#lines],
      published: this.#published,
      awaited: this.#awaited,
    };
    return JSON.stringify(state);
  }

  /** @throws ZodError for what snapshot() did not write */
  restore(snapshot: string): void {
    const state = stateSchema.parse(JSON.parse(snapshot));
    for (const [id, one] of state.lines) this.#lines.set(id, one);
    this.#published = state.published;
    this.#awaited = state.awaited;
  }
}
