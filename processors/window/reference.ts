// The windows' meaning written as plainly as possible: every result is recomputed from all samples, venue time and
// watermark from the whole history of arrivals. Far too slow to use; the tests compare the operator with it.
//
// It leaves out what needs no second opinion in long random runs: the hold at the start (the first arrival must be a
// clock frame), rejection of the future, following a lone source, and gaps. Those are tested by hand-made cases.
import type { AggregateSpec } from './aggregates/spec.ts';
import type { WindowConfig, WindowFrame } from './types.ts';

interface Arrival {
  readonly frame: WindowFrame;
  readonly epochMs: number;
  readonly source: number;
  readonly seq: number;
}

interface Sample {
  readonly arrival: Arrival;
  readonly position: number;
  readonly values: readonly number[];
}

export interface ReferenceOutput {
  /** Lines as `canonicalRows` writes them. */
  readonly windows: string[];
  readonly late: string[];
}

export function referenceWindows(config: WindowConfig, frames: readonly WindowFrame[]): ReferenceOutput {
  const history: Arrival[] = [];
  const accepted: Arrival[] = [];
  const issued = new Map<string, number[]>();
  const output: ReferenceOutput = { windows: [], late: [] };
  let corrections: Arrival[] = [];
  let watermark = Number.NEGATIVE_INFINITY;

  const issueDue = (finished: boolean): void => {
    const ends = dueEnds(config, accepted, watermark).filter(({ id }) => !issued.has(id));
    // Corrections wait for the next window boundary, or the end of input.
    if (ends.length === 0 && !finished) return;
    for (const { window, end, id } of issuedWindows(config, issued)) {
      const length = config.windows[window]!.lengthMs;
      const changed = corrections.filter(({ epochMs }) => epochMs >= end - length && epochMs < end);
      const keys = config.keys.flatMap((key, k) =>
        changed.some(({ source }) => key.sources.includes(source)) ? [k] : [],
      );
      for (const k of keys) {
        issued.get(id)![k]!++;
        output.windows.push(resultLine(config, accepted, window, end, k, issued.get(id)![k]!));
      }
    }
    corrections = [];
    for (const { window, end, id } of ends) {
      issued.set(
        id,
        config.keys.map(() => 0),
      );
      config.keys.forEach((_, k) => {
        output.windows.push(resultLine(config, accepted, window, end, k, 0));
      });
    }
  };

  for (const frame of frames) {
    const arrival = { frame, epochMs: frame.epochMs, source: frame.source, seq: frame.seq ?? 0 };
    history.push(arrival);
    const { paneMs, latenessMs } = config;
    const paneEnd = (Math.floor(frame.epochMs / paneMs) + 1) * paneMs;
    if (frame.epochMs < watermark && config.sources[frame.source]!.kind !== 'clock') {
      if (paneEnd <= watermark - latenessMs) {
        const { source, epochMs, n } = frame;
        const late = { source, epochMs, seq: arrival.seq, samples: n, watermarkMs: watermark };
        output.late.push(JSON.stringify({ late }));
      } else if (!accepted.some((other) => isDuplicate(config, arrival, other))) {
        accepted.push(arrival);
        corrections.push(arrival);
      }
    } else if (!accepted.some((other) => isDuplicate(config, arrival, other))) accepted.push(arrival);
    watermark = Math.max(watermark, watermarkOf(config, history));
    issueDue(false);
  }
  // End of input: the pane of the last frame is complete.
  const last = Math.max(...history.map(({ epochMs }) => epochMs));
  watermark = Math.max(watermark, (Math.floor(last / config.paneMs) + 1) * config.paneMs);
  issueDue(true);
  return output;
}

function isDuplicate(config: WindowConfig, a: Arrival, b: Arrival): boolean {
  if (a.source !== b.source || a.epochMs !== b.epochMs) return false;
  return config.sources[a.source]!.kind !== 'events' || a.seq === b.seq;
}

function watermarkOf(config: WindowConfig, history: readonly Arrival[]): number {
  const reached = config.sources.map((_, s) =>
    Math.max(...history.filter(({ source }) => source === s).map(({ epochMs }) => epochMs)),
  );
  const cameras = config.sources.flatMap(({ kind }, s) => (kind === 'clock' ? [] : [s]));
  const clocks = config.sources.flatMap(({ kind }, s) => (kind === 'clock' ? [s] : []));
  const byTime = cameras.map((s) => reached[s]!).sort((a, b) => b - a);
  const venue = Math.max(...clocks.map((s) => reached[s]!), byTime[(config.quorum ?? 2) - 1]!);
  const start = history[0]!.epochMs;
  const awaited = cameras
    .map((s) => ({ at: Math.max(reached[s]!, reached[s] === Number.NEGATIVE_INFINITY ? start : 0), s }))
    .filter(({ at, s }) => venue - at <= (config.sources[s]!.idleMs ?? config.idleMs));
  const least = awaited.length === 0 ? venue : Math.min(...awaited.map(({ at }) => at));
  return least - config.disorderMs;
}

function dueEnds(config: WindowConfig, accepted: readonly Arrival[], watermark: number) {
  const first = Math.min(...accepted.map(({ epochMs }) => epochMs));
  const origin = Math.floor(first / config.paneMs) * config.paneMs;
  const due: { window: number; end: number; id: string }[] = [];
  config.windows.forEach(({ hopMs }, window) => {
    for (let end = (Math.floor(origin / hopMs) + 1) * hopMs; end <= watermark; end += hopMs) {
      due.push({ window, end, id: `${end} ${window}` });
    }
  });
  return due.sort((a, b) => a.end - b.end || a.window - b.window);
}

function issuedWindows(config: WindowConfig, issued: ReadonlyMap<string, unknown>) {
  return [...issued.keys()]
    .map((id) => {
      const [end, window] = id.split(' ').map(Number) as [number, number];
      return { end, window, id };
    })
    .filter(({ window }) => window < config.windows.length)
    .sort((a, b) => a.end - b.end || a.window - b.window);
}

function resultLine(
  config: WindowConfig,
  accepted: readonly Arrival[],
  window: number,
  end: number,
  key: number,
  revision: number,
): string {
  const { name, lengthMs } = config.windows[window]!;
  const start = end - lengthMs;
  const { sources } = config.keys[key]!;
  const inside = accepted
    .filter(({ epochMs, source }) => epochMs >= start && epochMs < end && sources.includes(source))
    .sort((a, b) => a.epochMs - b.epochMs || a.source - b.source || a.seq - b.seq);
  const framesOf = (source: number) => inside.filter((arrival) => arrival.source === source).length;
  const rated = sources.filter((source) => config.sources[source]!.kind === 'frames');
  const owed = (source: number) =>
    Math.max(1, Math.floor((config.sources[source]!.rateHz! * lengthMs) / 1000 + 1e-9));
  const completeness =
    rated.length === 0
      ? null
      : total(rated.map((source) => Math.min(framesOf(source), owed(source)))) / total(rated.map(owed));
  const observed = inside.length > 0 || rated.length === 0;
  const samples: Sample[] = inside.flatMap((arrival) => {
    const { n, keys, columns } = arrival.frame;
    return Array.from({ length: n }, (_, i) => i)
      .filter((i) => keys[i] === key)
      .map((position) => ({ arrival, position, values: columns.map((column) => column[position]!) }));
  });
  const numbers: Record<string, number | null> = {};
  const objects: Record<string, unknown> = {};
  for (const [aggregateName, spec] of Object.entries(config.aggregates)) {
    if (spec.kind === 'histogram' || spec.kind === 'user') {
      objects[aggregateName] = observed
        ? objectResult(config, spec, samples, inside, sources, start, end)
        : null;
    } else {
      for (const [part, value] of Object.entries(numericResult(config, spec, samples, inside, sources))) {
        numbers[aggregateName + part] = observed && !Number.isNaN(value) ? value : null;
      }
    }
  }
  return JSON.stringify({
    window: name,
    start,
    end,
    key: config.keys[key]!.name,
    revision,
    completeness,
    frames: inside.length,
    silent: rated.filter((source) => framesOf(source) === 0).map((source) => config.sources[source]!.name),
    ...sorted(numbers),
    ...sorted(objects),
  });
}

function numericResult(
  config: WindowConfig,
  spec: AggregateSpec,
  samples: readonly Sample[],
  inside: readonly Arrival[],
  sources: readonly number[],
): Record<string, number> {
  if (spec.kind === 'tickMean') return tickMean(config, samples, inside, sources);
  if (spec.kind === 'user' || spec.kind === 'histogram') return {};
  if (spec.kind === 'count' && spec.column === undefined) return { '': samples.length };
  const column = config.columns.indexOf(spec.column ?? '');
  const known = samples.filter(({ values }) => !Number.isNaN(values[column]));
  const values = known.map((sample) => sample.values[column]!);
  switch (spec.kind) {
    case 'count':
      return { '': values.length };
    case 'distinct':
      return { '': new Set(values).size };
    case 'min':
      return { '': values.length === 0 ? Number.NaN : Math.min(...values) };
    case 'max':
      return { '': values.length === 0 ? Number.NaN : Math.max(...values) };
    case 'last': {
      const last = known.at(-1);
      return {
        '': last?.values[column] ?? Number.NaN,
        '.epochMs': last?.arrival.epochMs ?? Number.NaN,
      };
    }
    case 'quantile':
      return Object.fromEntries(
        spec.quantiles.map((q) => {
          const ascending = [...values].sort((a, b) => a - b);
          // The exact order statistic; the operator may differ by the relative accuracy, see the tests.
          return [`.p${q * 100}`, ascending[Math.floor(q * (ascending.length - 1))] ?? Number.NaN];
        }),
      );
    default: {
      const quantum = spec.quantum ?? 2 ** -10;
      const fixed = values.map((value) => BigInt(Math.round(value / quantum)));
      const n = BigInt(fixed.length);
      const sum = fixed.reduce((a, b) => a + b, 0n);
      if (spec.kind === 'sum') return { '': Number(sum) * quantum };
      if (n === 0n) return { '': Number.NaN };
      if (spec.kind === 'mean') return { '': (Number(sum) / Number(n)) * quantum };
      // Sum of squared deviations times n^2, deviation by deviation: another route than the operator's.
      const deviations = fixed.reduce((a, q) => a + (n * q - sum) * (n * q - sum), 0n);
      return { '': (Number(deviations / n) / Number(n) / Number(n)) * quantum * quantum };
    }
  }
}

function tickMean(
  config: WindowConfig,
  samples: readonly Sample[],
  inside: readonly Arrival[],
  sources: readonly number[],
): Record<string, number> {
  const tickOf = ({ epochMs }: Arrival) => Math.floor(epochMs / config.paneMs);
  const ticks = [...new Set(inside.map(tickOf))];
  const counts = ticks.map((tick) =>
    total(
      sources.map((source) => {
        const mine = inside.filter((arrival) => tickOf(arrival) === tick && arrival.source === source).length;
        const persons = samples.filter(
          ({ arrival }) => tickOf(arrival) === tick && arrival.source === source,
        ).length;
        return mine === 0 ? 0 : Math.round((persons / mine) * 65_536);
      }),
    ),
  );
  if (ticks.length === 0) return { '.mean': Number.NaN, '.max': Number.NaN, '.ticks': 0 };
  return {
    '.mean': total(counts) / ticks.length / 65_536,
    '.max': Math.max(...counts) / 65_536,
    '.ticks': ticks.length,
  };
}

function objectResult(
  config: WindowConfig,
  spec: AggregateSpec,
  samples: readonly Sample[],
  inside: readonly Arrival[],
  sources: readonly number[],
  start: number,
  end: number,
): unknown {
  if (spec.kind === 'histogram') {
    const column = config.columns.indexOf(spec.column);
    const bins: number[] = new Array(spec.edges.length + 1).fill(0);
    for (const { values } of samples) {
      const value = values[column]!;
      if (!Number.isNaN(value)) bins[spec.edges.filter((edge) => edge <= value).length]!++;
    }
    return bins;
  }
  if (spec.kind !== 'user') return null;
  const { aggregate } = spec;
  const columns = spec.columns.map((column) => config.columns.indexOf(column));
  let merged: unknown = null;
  for (let at = start; at < end; at += config.paneMs) {
    const within = ({ epochMs }: Arrival) => epochMs >= at && epochMs < at + config.paneMs;
    let acc = aggregate.zero();
    for (const { arrival, values } of samples) {
      if (!within(arrival)) continue;
      const { epochMs, source, seq } = arrival;
      acc = aggregate.add(acc, {
        epochMs,
        source,
        seq,
        values: Float64Array.from(columns, (c) => values[c]!),
      });
    }
    const sealed = aggregate.seal(acc, {
      startMs: at,
      endMs: at + config.paneMs,
      sources,
      frames: (source) => inside.filter((arrival) => within(arrival) && arrival.source === source).length,
    });
    if (sealed !== null) merged = merged === null ? sealed : aggregate.merge(merged, sealed);
  }
  return aggregate.result(merged);
}

function total(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
