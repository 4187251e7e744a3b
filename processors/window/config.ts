// Checks a window configuration once and works out the sizes that follow from it.
import { createHash } from 'node:crypto';
import { boundOf, type ColumnBound, columnsOf, levelsOf } from './aggregates/create.ts';
import type { EngineShape } from './aggregates/kernel.ts';
import { WindowError } from './errors.ts';
import { PrefixRing } from './rings.ts';
import type { WindowConfig } from './types.ts';

const MAX_SOURCES_PER_KEY = 64;
/** A pane must hold at least this many samples before a sum could pass 2^53. */
const LEAST_PANE_SAMPLES = 100_000;
const DEFAULT_GAP_MS = 60_000;

export interface Plan {
  readonly shape: EngineShape;
  readonly maxLengthMs: number;
  readonly minHopMs: number;
  readonly maxHopMs: number;
  /** Silence after which windows are announced as a gap, in panes. */
  readonly silencePanes: number;
  readonly columnBounds: readonly ColumnBound[];
  /** Column indexes of each aggregate, by name. */
  readonly columnIndexes: Readonly<Record<string, readonly number[]>>;
  /** Per source, 1 where it is registered for the key. */
  readonly mayObserve: readonly Uint8Array[];
  /** Per source, the keys it observes, ascending. */
  readonly keysOf: readonly Int32Array[];
  readonly fingerprint: string;
}

/** @throws WindowError `config-invalid` naming the first thing wrong */
export function planOf(config: WindowConfig): Plan {
  const { paneMs, windows, sources, keys } = config;
  positive('paneMs', paneMs);
  for (const name of ['disorderMs', 'latenessMs', 'idleMs', 'futureMs'] as const) {
    if (!Number.isInteger(config[name]) || config[name] < 0)
      fail(`${name} ${config[name]} is not a whole number of ms`);
  }
  if (windows.length === 0) fail('there is no window');
  for (const { name, lengthMs, hopMs } of windows) {
    for (const [what, ms] of [
      ['length', lengthMs],
      ['hop', hopMs],
    ] as const) {
      positive(`${what} of window ${name}`, ms);
      if (ms % paneMs !== 0)
        fail(`${what} ${ms} ms of window ${name} is no multiple of the pane of ${paneMs} ms`);
    }
  }
  unique('window', windows);
  unique('source', sources);
  unique('key', keys);
  if (new Set(config.columns).size !== config.columns.length) fail('two columns have the same name');
  checkSources(config);
  for (const key of keys) {
    if (key.sources.length > MAX_SOURCES_PER_KEY)
      fail(`key ${key.name} has more than ${MAX_SOURCES_PER_KEY} sources`);
    if (new Set(key.sources).size !== key.sources.length) fail(`key ${key.name} names a source twice`);
    for (const source of key.sources) {
      const spec = sources[source];
      if (spec === undefined || spec.kind === 'clock')
        fail(`key ${key.name} names source ${source}, which cannot observe`);
    }
  }

  const maxLengthMs = Math.max(...windows.map((window) => window.lengthMs));
  const maxHopMs = Math.max(...windows.map((window) => window.hopMs));
  const minHopMs = Math.min(...windows.map((window) => window.hopMs));
  const idleMs = Math.max(config.idleMs, ...sources.map((source) => source.idleMs ?? 0));
  if (config.futureMs < idleMs) {
    fail(
      `futureMs ${config.futureMs} is less than the idle bound of ${idleMs} ms: a lone source would lose frames`,
    );
  }
  // Frames reach from W - lateness to V + future, and V - W is at most idle + disorder; windows look back from there.
  const reachMs = config.latenessMs + config.disorderMs + idleMs + config.futureMs;
  const capacity = powerOfTwo((reachMs + maxLengthMs + 2 * maxHopMs) / paneMs + 4);
  const openCapacity = powerOfTwo((reachMs + 2 * minHopMs) / paneMs + 4);

  const columnIndexes: Record<string, readonly number[]> = {};
  const bounds = new Map<number, ColumnBound>();
  let levels = 1;
  for (const [name, spec] of Object.entries(config.aggregates)) {
    levels = Math.max(levels, levelsOf(name, spec));
    columnIndexes[name] = columnsOf(spec).map((column) => {
      const index = config.columns.indexOf(column);
      if (index < 0) fail(`aggregate ${name} reads column ${column}, which is not in columns`);
      const bound = boundOf(name, spec, index);
      const other = bounds.get(index);
      bounds.set(index, {
        column: index,
        maxAbs: Math.min(bound.maxAbs, other?.maxAbs ?? Number.MAX_VALUE),
        ids: bound.ids || (other?.ids ?? false),
      });
      return index;
    });
  }
  const maxPaneSamples = Math.floor(Number.MAX_SAFE_INTEGER / (2 * capacity * levels));
  if (maxPaneSamples < LEAST_PANE_SAMPLES) {
    fail(
      `sums over ${capacity} panes of values up to ${levels} quanta could pass 2^53: use a coarser quantum`,
    );
  }
  return {
    shape: {
      keys,
      paneMs,
      capacity,
      openCapacity,
      windowPanes: windows.map((window) => window.lengthMs / paneMs),
      frames: new PrefixRing(sources.length + 1, capacity),
      maxPaneSamples,
    },
    maxLengthMs,
    minHopMs,
    maxHopMs,
    silencePanes: Math.ceil(Math.max(maxLengthMs, config.gapMs ?? DEFAULT_GAP_MS) / paneMs),
    columnBounds: [...bounds.values()],
    columnIndexes,
    mayObserve: sources.map((_, s) => Uint8Array.from(keys, (key) => (key.sources.includes(s) ? 1 : 0))),
    keysOf: sources.map((_, s) =>
      Int32Array.from(keys.flatMap((key, k) => (key.sources.includes(s) ? [k] : []))),
    ),
    fingerprint: createHash('sha256').update(JSON.stringify(config)).digest('hex'),
  };
}

function checkSources(config: WindowConfig): void {
  for (const { name, kind, rateHz, idleMs } of config.sources) {
    if (kind === 'frames' && !(rateHz !== undefined && rateHz > 0 && Number.isFinite(rateHz))) {
      fail(`source ${name} sends frames but has no positive rateHz`);
    }
    if (idleMs !== undefined && !(Number.isInteger(idleMs) && idleMs >= 0))
      fail(`idleMs of source ${name} is ${idleMs}`);
  }
  if (config.quorum !== undefined && !(Number.isInteger(config.quorum) && config.quorum > 0)) {
    fail(`quorum ${config.quorum} is not a positive integer`);
  }
}

function unique(what: string, items: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of items) {
    if (seen.has(name)) fail(`two ${what}s are named ${name}`);
    seen.add(name);
  }
}

function positive(what: string, value: number): void {
  if (!Number.isInteger(value) || value <= 0) fail(`${what} is ${value}, not a positive whole number of ms`);
}

/** The least power of two above `value`. */
function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.ceil(value) + 1));
}

function fail(message: string): never {
  throw new WindowError('config-invalid', message, 'correct the window configuration');
}
