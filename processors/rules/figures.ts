// The figures that rules can judge: every number, yes-or-no and named state in the messages of results, by metric and field. They
// are read off the messages' own schemas, so that a new result can be judged as soon as it has a schema.
import { z } from 'zod';
import { kindOfSubject } from '#streams/schema/registry.ts';

/** One figure of a metric's messages. */
export interface Figure {
  /** Dotted path; `<minutes>m` stands for a horizon, as in `bands.15m.p90`. */
  readonly field: string;
  readonly type: 'number' | 'boolean' | 'text';
  /** Of a text: what it can be. */
  readonly values?: readonly string[];
}

/** Members that say what a message is about, not how it is there. */
const HEAD = new Set([
  'org',
  'venue',
  'key',
  'level',
  'start',
  'end',
  'hopMs',
  'revision',
  'metric',
  'epochMs',
]);
/** Metrics of families whose outputs are named by a wildcard. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  anom: ['count', 'speed', 'health', 'joint'],
  fcst: ['count', 'count-all'],
};
const RESULTS = new Set(['win', 'anom', 'fcst', 'match']);
const HORIZON = '<minutes>m';

/** The metrics among output filters of processors: `win.flow-60s`, `anom.count`, in order of name. */
export function metricsOf(outputs: readonly string[]): string[] {
  const metrics = outputs.flatMap((filter) => {
    const [family = '', metric = ''] = filter.split('.');
    if (!RESULTS.has(family)) return [];
    return metric === '*'
      ? (FAMILIES[family] ?? []).map((one) => `${family}.${one}`)
      : [`${family}.${metric}`];
  });
  return [...new Set(metrics)].filter((metric) => figuresOf(metric).length > 0).sort();
}

const known = new Map<string, readonly Figure[]>();

/** The figures in the messages of a metric; none where there is no schema for them. */
export function figuresOf(metric: string): readonly Figure[] {
  let figures = known.get(metric);
  if (figures === undefined) {
    figures = read(metric);
    known.set(metric, figures);
  }
  return figures;
}

function read(metric: string): readonly Figure[] {
  const [family, name = ''] = metric.split('.');
  if (family === undefined || !RESULTS.has(family)) return [];
  let schema: Readonly<Record<string, unknown>> | undefined;
  try {
    schema = kindOfSubject(`${metric}.o.v.k`).jsonSchema?.();
  } catch {
    // No schema: nothing is known of such messages, and who asks is told what exists.
    return [];
  }
  const figures = new Map<string, Figure>();
  if (schema !== undefined) walk(schema, '', name, figures);
  return [...figures.values()].sort((a, b) => (a.field < b.field ? -1 : 1));
}

const node = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
});

function walk(schema: unknown, path: string, metric: string, figures: Map<string, Figure>): void {
  const parsed = node.safeParse(schema);
  if (!parsed.success) return;
  const { type: types, anyOf, oneOf, properties, items } = parsed.data;
  // `["number", "null"]` is a number that may be unknown.
  const type = Array.isArray(types) ? types.find((one) => one !== 'null') : types;
  const under = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const branch of [...(anyOf ?? []), ...(oneOf ?? [])]) {
    if (isOf(branch, metric)) walk(branch, path, metric, figures);
  }
  if (properties !== undefined) {
    for (const [name, member] of Object.entries(properties)) {
      if (path !== '' || !HEAD.has(name)) walk(member, under(name), metric, figures);
    }
  } else if (items !== undefined) {
    const item = node.safeParse(items);
    const members = item.success ? item.data.properties : undefined;
    if (members === undefined) return;
    const keys = 'aheadMs' in members ? [HORIZON] : valuesOf(members.level);
    for (const key of keys) {
      for (const [name, member] of Object.entries(members)) {
        if (name !== 'aheadMs' && name !== 'level') walk(member, `${under(key)}.${name}`, metric, figures);
      }
    }
  } else if (type === 'number' || type === 'integer') {
    figures.set(path, { field: path, type: 'number' });
  } else if (type === 'boolean') {
    figures.set(path, { field: path, type: 'boolean' });
  } else if (type === 'string') {
    const values = valuesOf(schema);
    if (values.length > 1) figures.set(path, { field: path, type: 'text', values });
  }
}

/** Of several forms of a message, whether this one is of the metric; a form that does not say is. */
function isOf(branch: unknown, metric: string): boolean {
  const form = node.safeParse(branch);
  const says = form.success ? form.data.properties?.metric : undefined;
  const values = valuesOf(says);
  return values.length === 0 || values.includes(metric);
}

function valuesOf(schema: unknown): string[] {
  const parsed = node.safeParse(schema);
  if (!parsed.success) return [];
  const { enum: several, const: one } = parsed.data;
  return (several ?? (one === undefined ? [] : [one])).filter((value) => typeof value === 'string');
}

/** The figure a field names; undefined when the metric has none of that name. */
export function figureOf(metric: string, field: string): Figure | undefined {
  const generic = field.replace(/(^|\.)\d+m(?=\.)/, `$1${HORIZON}`);
  return figuresOf(metric).find((figure) => figure.field === generic);
}

/** What a message says: a value; null, unknown; undefined, that the field does not apply to its key. */
export type Said = number | boolean | string | null | undefined;

const shown = z.looseObject({
  reason: z.looseObject({ code: z.string() }).optional(),
  alarm: z.boolean().optional(),
});
/** Reasons of a score that mean that nothing is known yet. */
const UNKNOWN_REASONS = new Set(['learning', 'missing']);

/** Reads a field of a decoded message. */
export function readFigure(message: unknown, field: string): Said {
  const head = shown.safeParse(message);
  // A score while the detector learns, or without a value, says nothing of the crowd; an alarm for silence does.
  if (head.success && head.data.alarm !== true && UNKNOWN_REASONS.has(head.data.reason?.code ?? '')) {
    return null;
  }
  let at: unknown = message;
  let keyed = false;
  for (const name of field.split('.')) {
    if (at === null) return null;
    if (Array.isArray(at)) {
      // Nothing is forecast from an unknown value.
      if (at.length === 0) return null;
      at = at.find((item) => isNamed(item, name));
      keyed ||= !/^\d+m$/.test(name);
    } else if (typeof at === 'object') {
      at = Object.entries(at).find(([key]) => key === name)?.[1];
    } else {
      return undefined;
    }
    if (at === undefined) return undefined;
  }
  // Of a threshold, null is that it is not reached within the longest horizon: further than any number of minutes.
  if (at === null) return keyed ? Number.POSITIVE_INFINITY : null;
  if (at === 'unknown') return null;
  return typeof at === 'number' || typeof at === 'boolean' || typeof at === 'string' ? at : undefined;
}

function isNamed(item: unknown, name: string): boolean {
  if (typeof item !== 'object' || item === null) return false;
  if ('aheadMs' in item) return `${Number(item.aheadMs) / 60_000}m` === name;
  return 'level' in item && item.level === name;
}
