// rules.json: what a what-if changes. Checked as a whole before anything is read; every fault says where and what to do.
import { z } from 'zod';
import { parseVenue, type Venue, VenueError, type Zone } from '#models/venue/index.ts';
import type { TimeBounds } from '#processors/density/index.ts';
import type { LevelRule, RaisedLevel } from '#processors/rules/index.ts';
import {
  compileRule,
  DEFAULT_LEVEL_RULES,
  type Rule,
  RuleError,
  type RuleSpec,
  ruleSchema,
  type ZoneUse,
} from '#processors/rules/index.ts';
import { ReplayError } from './errors.ts';

const density = z.number().positive().max(20);
const seconds = z.number().nonnegative().max(3_600);
const ms = z.number().int().nonnegative().max(600_000);

const levelChange = z
  .strictObject({
    blue: density.nullable(),
    yellow: density.nullable(),
    orange: density.nullable(),
    red: density.nullable(),
    hysteresis: z.number().nonnegative().max(10),
    raiseAfterSeconds: seconds,
    clearAfterSeconds: seconds,
  })
  .partial();

const changes = z.strictObject({
  levels: z
    .strictObject({
      uses: z.partialRecord(z.enum(['moving', 'standing', 'seated', 'pitch', 'water']), levelChange),
      zones: z.record(z.string(), levelChange),
    })
    .partial()
    .optional(),
  /** The window whose mean density is judged. */
  metric: z.enum(['density-now', 'density', 'density-60s', 'density-15m']).optional(),
  zones: z
    .strictObject({
      /** Features of kind "zone" as in a venue document, in local metres; one of a known id replaces it. */
      set: z.strictObject({ type: z.literal('FeatureCollection'), features: z.array(z.unknown()) }),
      remove: z.array(z.string()),
    })
    .partial()
    .optional(),
  bounds: z.strictObject({ disorderMs: ms, latenessMs: ms, idleMs: ms, futureMs: ms }).partial().optional(),
  /** Rules over any result; those of `present` with the same name are what they are compared with. */
  rules: z.array(ruleSchema).min(1).optional(),
  present: z.array(ruleSchema).min(1).optional(),
});

type LevelChange = z.infer<typeof levelChange>;
export type RuleChanges = z.infer<typeof changes>;

/** The rules a venue is judged by: its zones, the engine's bounds, and a level rule for each zone. */
export interface Rules {
  readonly venue: Venue;
  /**
   * A processor's bounds, from those it has live.
   * @throws ReplayError `rules-invalid` when the changed ones do not go together
   */
  readonly boundsOf: (live: TimeBounds) => TimeBounds;
  readonly levelOf: (zone: Zone) => LevelRule;
}

export const DEFAULT_METRIC = 'density';

/** @throws ReplayError `rules-invalid` naming the place in the file */
export function parseRules(text: string): RuleChanges {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(`the rules are not JSON: ${String(cause)}`, 'write them as docs/replay.md shows', cause);
  }
  const result = changes.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const place = issue.path.map(String).join('.') || 'the document';
  throw invalid(`rules: ${place}: ${issue.message}`, 'correct it as docs/replay.md shows');
}

/** The rules of today: the venue as it is stored, the defaults for the rest. */
export function presentRules(venue: Venue): Rules {
  return { venue, boundsOf: (live) => live, levelOf: (zone) => DEFAULT_LEVEL_RULES[zone.use] };
}

/**
 * Those rules with the changes made. `document` is the venue's GeoJSON text.
 * @throws ReplayError `rules-invalid` for a zone that is not there, thresholds that do not rise, a zone that the venue
 *   cannot take
 */
export function changedRules(document: string, change: RuleChanges): Rules {
  const venue = changedVenue(document, change);
  const known = new Set(venue.zones.map(({ id }) => id));
  for (const id of Object.keys(change.levels?.zones ?? {})) {
    if (!known.has(id)) {
      throw invalid(
        `rules: levels.zones names "${id}", which is no zone of ${venue.org}/${venue.id}`,
        `use one of ${[...known].join(', ')}`,
      );
    }
  }
  const byZone = new Map(venue.zones.map((zone) => [zone.id, changedLevel(zone, change)]));
  return {
    venue,
    boundsOf: (live) => changedBounds(live, change),
    levelOf: (zone) => byZone.get(zone.id) ?? DEFAULT_LEVEL_RULES[zone.use],
  };
}

/** Rules ready to judge: those of the present, and those that the changes make of them. */
export interface ResultRules {
  readonly present: readonly Rule[];
  readonly changed: readonly Rule[];
}

/**
 * The rules over results. Where the file gives no present ones, they are the same where windows are changed, so that it shows
 * what the change does to them, and else none.
 * @param metrics those that exist
 * @param keys zones, lines and other keys that results can have
 * @throws ReplayError `rules-invalid` for a metric, field or key that does not exist, a name given twice
 */
export function resultRules(
  change: RuleChanges,
  metrics: readonly string[],
  keys: readonly string[],
): ResultRules {
  const compiled = (list: readonly RuleSpec[] | undefined, member: string): Rule[] => {
    const names = new Set<string>();
    return (list ?? []).map((spec, i) => {
      const place = `rules: ${member}.${i}`;
      if (names.has(spec.name))
        throw invalid(`${place}: "${spec.name}" is there twice`, 'give each rule a name');
      names.add(spec.name);
      for (const key of spec.keys ?? []) {
        if (!keys.includes(key)) {
          throw invalid(`${place}.keys: the venue has no "${key}"`, `use some of ${keys.join(', ')}`);
        }
      }
      try {
        return compileRule(spec, metrics, place);
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        throw new ReplayError('rules-invalid', `${error.place}: ${error.fault}`, error.remedy, error);
      }
    });
  };
  const changed = compiled(change.rules, 'rules');
  const present = compiled(change.present, 'present');
  return { present: change.present === undefined && changesWindows(change) ? changed : present, changed };
}

/** Whether windows have to be computed anew, and not only judged anew. */
export function changesWindows(change: RuleChanges): boolean {
  return change.zones !== undefined || change.bounds !== undefined;
}

function changedLevel(zone: Zone, change: RuleChanges): LevelRule {
  const rule = [change.levels?.uses?.[zone.use], change.levels?.zones?.[zone.id]].reduce<LevelRule>(
    (before, next) => (next === undefined ? before : merge(before, next)),
    DEFAULT_LEVEL_RULES[zone.use satisfies ZoneUse],
  );
  const given = (['blue', 'yellow', 'orange', 'red'] as const).flatMap((level) => {
    const at = rule.thresholds[level];
    return at === undefined ? [] : [{ level, at }];
  });
  for (let i = 1; i < given.length; i++) {
    const [lower, higher] = [given[i - 1]!, given[i]!];
    if (higher.at > lower.at) continue;
    throw invalid(
      `rules: zone ${zone.id}: ${higher.level} at ${higher.at} p/m2 is not above ${lower.level} at ${lower.at}`,
      'let thresholds rise from blue to red, or set a level to null to do without it',
    );
  }
  return rule;
}

function merge(before: LevelRule, change: LevelChange): LevelRule {
  const thresholds: Partial<Record<RaisedLevel, number>> = { ...before.thresholds };
  for (const level of ['blue', 'yellow', 'orange', 'red'] as const) {
    const at = change[level];
    if (at === null) delete thresholds[level];
    else if (at !== undefined) thresholds[level] = at;
  }
  const { hysteresis, raiseAfterSeconds, clearAfterSeconds } = change;
  return {
    thresholds,
    hysteresis: hysteresis ?? before.hysteresis,
    raiseAfterMs: raiseAfterSeconds === undefined ? before.raiseAfterMs : raiseAfterSeconds * 1000,
    clearAfterMs: clearAfterSeconds === undefined ? before.clearAfterMs : clearAfterSeconds * 1000,
  };
}

const featureHead = z.object({ id: z.string(), properties: z.object({ kind: z.string() }) });
const documentHead = z.looseObject({ features: z.array(z.unknown()) });

function changedVenue(document: string, { zones }: RuleChanges): Venue {
  const venue = parseVenue(document);
  if (zones === undefined) return venue;
  const ids = new Set(venue.zones.map(({ id }) => id));
  for (const id of zones.remove ?? []) {
    if (!ids.has(id)) {
      throw invalid(
        `rules: zones.remove names "${id}", which is no zone`,
        `use one of ${[...ids].join(', ')}`,
      );
    }
  }
  const set = (zones.set?.features ?? []).map((feature, index) => {
    const head = featureHead.safeParse(feature);
    if (head.success && head.data.properties.kind === 'zone') return { id: head.data.id, feature };
    throw invalid(
      `rules: zones.set.features.${index} is no zone`,
      'give it an "id" and "properties" of kind "zone", as in a venue document',
    );
  });
  const gone = new Set([...(zones.remove ?? []), ...set.map(({ id }) => id).filter((id) => ids.has(id))]);
  const whole = documentHead.parse(JSON.parse(document));
  const kept = whole.features.filter((feature) => {
    const head = featureHead.safeParse(feature);
    return !(head.success && head.data.properties.kind === 'zone' && gone.has(head.data.id));
  });
  try {
    return parseVenue({ ...whole, features: [...kept, ...set.map(({ feature }) => feature)] });
  } catch (cause) {
    if (!(cause instanceof VenueError)) throw cause;
    throw invalid(
      `rules: with the changed zones the venue is not valid: ${cause.message}`,
      cause.remedy,
      cause,
    );
  }
}

function changedBounds(live: TimeBounds, { bounds: change }: RuleChanges): TimeBounds {
  const bounds: TimeBounds = {
    disorderMs: change?.disorderMs ?? live.disorderMs,
    latenessMs: change?.latenessMs ?? live.latenessMs,
    idleMs: change?.idleMs ?? live.idleMs,
    futureMs: change?.futureMs ?? live.futureMs,
  };
  if (bounds.futureMs >= bounds.idleMs) return bounds;
  throw invalid(
    `rules: bounds.futureMs ${bounds.futureMs} is less than idleMs ${bounds.idleMs}`,
    'let it be at least as long: a lone camera would lose frames otherwise',
  );
}

function invalid(message: string, remedy: string, cause?: unknown): ReplayError {
  return new ReplayError('rules-invalid', message, remedy, cause);
}
