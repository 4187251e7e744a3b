// A rule over any result: which figure of which metric, from where on each level begins, and how steady it must be. Plain data
// with a check; compileRule() makes it ready to judge.
import { z } from 'zod';
import { RuleError } from './errors.ts';
import { type Figure, figureOf, figuresOf, readFigure } from './figures.ts';
import type { LevelRule, RaisedLevel } from './levels.ts';

const RAISED = ['blue', 'yellow', 'orange', 'red'] as const;
const figuresSchema = z
  .strictObject({ blue: z.number(), yellow: z.number(), orange: z.number(), red: z.number() })
  .partial();
const seconds = z.number().nonnegative().max(86_400);

export const ruleSchema = z.strictObject({
  name: z.string().min(1).max(80),
  /** First two tokens of the results' subjects: `win.flow-60s`, `anom.count`, `fcst.count`. */
  metric: z.string(),
  field: z.string(),
  /** Only these zones, lines or other keys. */
  keys: z.array(z.string()).min(1).optional(),
  /** A level begins at or above its figure; rising from blue to red. */
  above: figuresSchema.optional(),
  /** A level begins at or below its figure; falling from blue to red. */
  below: figuresSchema.optional(),
  /** A level while the figure is this, or one of these. */
  is: z.union([z.boolean(), z.string(), z.array(z.string()).min(1)]).optional(),
  level: z.enum(RAISED).optional(),
  /** How far beyond the threshold the figure must be to end the level, in its unit. */
  hysteresis: z.number().nonnegative().optional(),
  raiseAfterSeconds: seconds.optional(),
  clearAfterSeconds: seconds.optional(),
  /** Results of which less was seen are unknown, [0,1]. */
  leastCompleteness: z.number().min(0).max(1).optional(),
  /** Without a further result for as long, the figure is unknown. */
  staleAfterSeconds: z.number().positive().max(86_400).optional(),
});

export type RuleSpec = z.infer<typeof ruleSchema>;

/** A figure of a result, ready to be judged. */
export interface RuleSample {
  readonly key: string;
  /** End of what the result is about, epoch ms. */
  readonly atMs: number;
  readonly value: number | null;
  /** Unknown when nothing follows for as long. */
  readonly staleAfterMs: number;
}

export interface Rule {
  readonly name: string;
  readonly metric: string;
  readonly spec: RuleSpec;
  /** Thresholds over the sample's value, which is negated where low figures are the bad ones. */
  readonly level: LevelRule;
  /** The sample in a decoded result; undefined when the rule is not about its key. */
  sampleOf(message: unknown): RuleSample | undefined;
}

const RAISE_AFTER_S = 5;
const CLEAR_AFTER_S = 30;
/** Results that come with events and hold until the next one: they are unknown after so long, ms. */
const EVENT_STALE_MS = 300_000;
const WITH_EVENTS = new Set(['win.occupancy', 'win.gate', 'win.counter', 'win.exits']);
/** Of results that come every hop, two may be missing. */
const HOPS_MISSED = 2.5;
const LEAST_STALE_MS = 5_000;

/**
 * Checks a rule and makes it ready to judge.
 * @param metrics those that exist: see metricsOf()
 * @param place where it stands in its document, for errors
 * @throws RuleError for a metric or field that does not exist, thresholds in the wrong order, a kind of test that does not fit
 */
export function compileRule(spec: RuleSpec, metrics: readonly string[], place: string): Rule {
  const { name, metric, field } = spec;
  if (!metrics.includes(metric)) {
    throw new RuleError(
      `${place}.metric`,
      `there is no metric "${metric}"`,
      `use one of ${metrics.join(', ')}`,
    );
  }
  const figure = figureOf(metric, field);
  if (figure === undefined) {
    const fields = figuresOf(metric).map((one) => one.field);
    throw new RuleError(
      `${place}.field`,
      `${metric} has no figure "${field}"`,
      `use one of ${fields.join(', ')}`,
    );
  }
  const { level, toValue } = testOf(spec, figure, place);
  const keys = spec.keys === undefined ? undefined : new Set(spec.keys);
  return {
    name,
    metric,
    spec,
    level,
    sampleOf(message) {
      const head = headSchema.parse(message);
      if (keys !== undefined && !keys.has(head.key)) return undefined;
      const said = readFigure(message, field);
      if (said === undefined) return undefined;
      const unseen =
        spec.leastCompleteness !== undefined && !((head.completeness ?? 0) >= spec.leastCompleteness);
      return {
        key: head.key,
        atMs: head.end,
        value: said === null || unseen ? null : toValue(said),
        staleAfterMs:
          spec.staleAfterSeconds !== undefined
            ? spec.staleAfterSeconds * 1000
            : WITH_EVENTS.has(metric)
              ? EVENT_STALE_MS
              : Math.max(LEAST_STALE_MS, HOPS_MISSED * head.hopMs),
      };
    },
  };
}

const headSchema = z.looseObject({
  key: z.string(),
  end: z.number(),
  hopMs: z.number().positive(),
  completeness: z.number().nullable().optional(),
});

interface Test {
  readonly level: LevelRule;
  toValue(said: number | boolean | string): number | null;
}

function testOf(spec: RuleSpec, figure: Figure, place: string): Test {
  const { above, below, is, level, hysteresis = 0 } = spec;
  const steady = {
    raiseAfterMs: (spec.raiseAfterSeconds ?? RAISE_AFTER_S) * 1000,
    clearAfterMs: (spec.clearAfterSeconds ?? CLEAR_AFTER_S) * 1000,
  };
  const given = [above, below, is].filter((test) => test !== undefined).length;
  if (given !== 1) {
    throw new RuleError(place, `${given} of above, below and is are given`, 'give exactly one of them');
  }
  if (is !== undefined) return stateTest(is, level, figure, steady, place);
  if (level !== undefined) {
    throw new RuleError(
      `${place}.level`,
      'a level is given beside thresholds',
      'it belongs to "is"; leave it out',
    );
  }
  if (figure.type !== 'number') {
    throw new RuleError(
      place,
      `${figure.field} is no number`,
      `use "is" with ${figure.type === 'boolean' ? 'true or false' : (figure.values ?? []).join(', ')}, and "level"`,
    );
  }
  const sign = above === undefined ? -1 : 1;
  const thresholds = signed(
    above ?? below ?? {},
    sign,
    `${place}.${above === undefined ? 'below' : 'above'}`,
  );
  return {
    level: { thresholds, hysteresis, ...steady },
    toValue: (said) => (typeof said === 'number' ? sign * said : null),
  };
}

function signed(
  figures: z.infer<typeof figuresSchema>,
  sign: 1 | -1,
  place: string,
): Partial<Record<RaisedLevel, number>> {
  const thresholds: Partial<Record<RaisedLevel, number>> = {};
  let before: readonly [RaisedLevel, number] | undefined;
  for (const level of RAISED) {
    const at = figures[level];
    if (at === undefined) continue;
    if (before !== undefined && sign * at <= sign * before[1]) {
      throw new RuleError(
        place,
        `${level} at ${at} is not beyond ${before[0]} at ${before[1]}`,
        `let thresholds ${sign > 0 ? 'rise' : 'fall'} from blue to red`,
      );
    }
    thresholds[level] = sign * at;
    before = [level, at];
  }
  if (before === undefined) throw new RuleError(place, 'no level has a threshold', 'give at least one');
  return thresholds;
}

function stateTest(
  is: NonNullable<RuleSpec['is']>,
  level: RaisedLevel | undefined,
  figure: Figure,
  steady: Pick<LevelRule, 'raiseAfterMs' | 'clearAfterMs'>,
  place: string,
): Test {
  if (level === undefined)
    throw new RuleError(place, 'no level is given', 'say "level": "orange", or another');
  const states: readonly (boolean | string)[] = Array.isArray(is) ? is : [is];
  const possible: readonly (boolean | string)[] =
    figure.type === 'boolean' ? [true, false] : (figure.values ?? []);
  for (const state of states) {
    if (!possible.includes(state)) {
      throw new RuleError(
        `${place}.is`,
        `${figure.field} is never ${JSON.stringify(state)}`,
        figure.type === 'number' ? 'it is a number: use above or below' : `use one of ${possible.join(', ')}`,
      );
    }
  }
  return {
    level: { thresholds: { [level]: 1 }, hysteresis: 0, ...steady },
    toValue: (said) => (typeof said === 'number' ? null : states.includes(said) ? 1 : 0),
  };
}
