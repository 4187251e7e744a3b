// Counters, gauges and histograms with Prometheus text output. Each process has one registry and serves its text().
// Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  /** Adds `by` >= 0 (default 1). A negative amount is a programming error and throws. */
  add(by?: number): void;
  readonly value: number;
}

export interface Gauge {
  set(value: number): void;
  readonly value: number;
}

export interface Histogram {
  observe(value: number): void;
  readonly count: number;
  readonly sum: number;
}

type Kind = 'counter' | 'gauge' | 'histogram';

interface Family {
  readonly kind: Kind;
  readonly help: string;
  readonly buckets: readonly number[];
  readonly series: Map<string, Series>;
}

interface Series {
  readonly labels: Labels;
  lines(name: string): string[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Seconds, from 0.1 ms to 10 s: a batch, an acknowledgement, a checkpoint. */
const DEFAULT_BUCKETS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export class MetricsRegistry {
  readonly #families = new Map<string, Family>();

  /** The counter of this name and these labels; made at the first call. Names end in `_total` by custom. */
  counter(name: string, help: string, labels: Labels = {}): Counter {
    return this.#series(name, 'counter', help, labels, [], () => new CounterSeries(labels));
  }

  gauge(name: string, help: string, labels: Labels = {}): Gauge {
    return this.#series(name, 'gauge', help, labels, [], () => new GaugeSeries(labels));
  }

  /** `buckets`: upper bounds, ascending, without +Inf. */
  histogram(name: string, help: string, labels: Labels = {}, buckets = DEFAULT_BUCKETS): Histogram {
    return this.#series(name, 'histogram', help, labels, buckets, () => new HistogramSeries(labels, buckets));
  }

  /** Everything, in Prometheus text format. */
  text(): string {
    const lines: string[] = [];
    for (const [name, { kind, help, series }] of this.#families) {
      lines.push(`# HELP ${name} ${escapeText(help)}`, `# TYPE ${name} ${kind}`);
      for (const one of series.values()) lines.push(...one.lines(name));
    }
    return `${lines.join('\n')}\n`;
  }

  #series<S extends Series>(
    name: string,
    kind: Kind,
    help: string,
    labels: Labels,
    buckets: readonly number[],
    make: () => S,
  ): S {
    if (!NAME.test(name) || !Object.keys(labels).every((label) => LABEL.test(label))) {
      throw new TypeError(`"${name}" with labels ${Object.keys(labels)} is not a Prometheus metric`);
    }
    let family = this.#families.get(name);
    if (family === undefined) {
      family = { kind, help, buckets, series: new Map() };
      this.#families.set(name, family);
    }
    if (family.kind !== kind) throw new TypeError(`metric ${name} is a ${family.kind}, not a ${kind}`);
    const key = labelText(labels);
    const known = family.series.get(key);
    // One name holds one kind of series, checked above, so what is found is what `make` would make.
    if (known !== undefined) return known as S;
    const made = make();
    family.series.set(key, made);
    return made;
  }
}

class CounterSeries implements Series, Counter {
  readonly labels: Labels;
  value = 0;
  constructor(labels: Labels) {
    this.labels = labels;
  }
  add(by = 1): void {
    if (!(by >= 0)) throw new RangeError(`a counter cannot go down by ${by}`);
    this.value += by;
  }
  lines(name: string): string[] {
    return [`${name}${labelText(this.labels)} ${numberText(this.value)}`];
  }
}

class GaugeSeries implements Series, Gauge {
  readonly labels: Labels;
  value = Number.NaN;
  constructor(labels: Labels) {
    this.labels = labels;
  }
  set(value: number): void {
    this.value = value;
  }
  lines(name: string): string[] {
    return [`${name}${labelText(this.labels)} ${numberText(this.value)}`];
  }
}

class HistogramSeries implements Series, Histogram {
  readonly labels: Labels;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  count = 0;
  sum = 0;
  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }
  observe(value: number): void {
    this.count++;
    this.sum += value;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.#counts[at]!++;
  }
  lines(name: string): string[] {
    let below = 0;
    const lines = this.#bounds.map((bound, i) => {
      below += this.#counts[i]!;
      return `${name}_bucket${labelText({ ...this.labels, le: numberText(bound) })} ${below}`;
    });
    return [
      ...lines,
      `${name}_bucket${labelText({ ...this.labels, le: '+Inf' })} ${this.count}`,
      `${name}_sum${labelText(this.labels)} ${numberText(this.sum)}`,
      `${name}_count${labelText(this.labels)} ${this.count}`,
    ];
  }
}

function labelText(labels: Labels): string {
  const names = Object.keys(labels).sort();
  if (names.length === 0) return '';
  return `{${names.map((name) => `${name}="${escapeText(labels[name]!).replaceAll('"', '\\"')}"`).join(',')}}`;
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
