// A replay's report as lines for people.
import type { Comparison, LevelTimes, ReplayReport, RuleComparison } from '#processors/replay/index.ts';

const SHOWN = ['none', 'blue', 'yellow', 'orange', 'red', 'unknown'] as const;
const RAISED = ['blue', 'yellow', 'orange', 'red'] as const;

export interface Span {
  readonly from: number;
  readonly to: number;
}

export function describeReplay(report: ReplayReport, span: Span): string[] {
  const lines: string[] = [`${report.org}/${report.venue}:`];
  const factor = (span.to - span.from) / 1000 / report.seconds;
  for (const [name, pass] of Object.entries(report.passes)) {
    lines.push(
      `${name}: ${pass.messages} messages read, ${pass.results} results, ${pass.setAside} inputs set aside as live does`,
    );
    if (pass.withheld > 0) {
      lines.push(
        `${name}: ${pass.withheld} results withheld: their windows begin before what history still has`,
      );
    }
    if (pass.state === 'ended') {
      const at = Number.isFinite(pass.eventMs) ? new Date(pass.eventMs).toISOString() : 'once';
      lines.push(`${name}: history ends at ${at}: what is after it has not come yet`);
    }
    if (pass.mostBehindMs > 1_000) {
      lines.push(`${name}: at its furthest ${Math.round(pass.mostBehindMs)} ms behind the asked speed`);
    }
  }
  lines.push(
    `${report.state}: ${((span.to - span.from) / 1000).toFixed(0)} s of event time in ${report.seconds.toFixed(1)} s ` +
      `(${factor.toFixed(factor < 10 ? 2 : 0)} x), ${report.published} results under replay.${report.session}.>`,
  );
  if (report.forgotten > 0) {
    lines.push(
      `WARNING: the stream of replays is full and has forgotten ${report.forgotten} messages of this session: ` +
        'replay a shorter span, or give it more room',
    );
  }
  for (const line of report.differs) lines.push(`MAY DIFFER FROM LIVE: ${line}`);
  if (report.comparison !== undefined) lines.push('', ...describeComparison(report.comparison));
  return lines;
}

/** Of zones and of each rule, two tables: seconds per level, then what differs. */
export function describeComparison({ metric, zones, differences, rules }: Comparison): string[] {
  const lines = metric === null ? [] : describeZones(metric, zones, differences);
  for (const rule of rules) {
    if (lines.length > 0) lines.push('');
    lines.push(...describeRule(rule));
  }
  return lines;
}

function describeRule({ rule, metric, field, keys, differences, notes }: RuleComparison): string[] {
  const rows = [['key', 'rules', ...SHOWN.map((level) => `${level} s`), ...RAISED.map((l) => `first ${l}`)]];
  for (const { key, present, changed } of keys) {
    rows.push([key, 'present', ...cells(present)], [key, 'changed', ...cells(changed)]);
  }
  return [
    `Rule "${rule}" over ${metric} ${field}:`,
    ...notes.map((note) => `WARNING: ${note}`),
    ...(keys.length === 0 ? [] : [...table(rows), '']),
    ...describeDifferences(
      'key',
      differences.map(({ key, ...of }) => ({ name: key, ...of })),
    ),
  ];
}

function describeZones(
  metric: string,
  zones: Comparison['zones'],
  differences: Comparison['differences'],
): string[] {
  const rows = [['zone', 'rules', ...SHOWN.map((level) => `${level} s`), ...RAISED.map((l) => `first ${l}`)]];
  for (const { zone, present, changed } of zones) {
    rows.push([zone, 'present', ...cells(present)], [zone, 'changed', ...cells(changed)]);
  }
  const lines = [`Levels of win.${metric}, present rules and changed ones:`, ...table(rows), ''];
  lines.push(
    ...describeDifferences(
      'zone',
      differences.map(({ zone, ...of }) => ({ name: zone, ...of })),
    ),
  );
  return lines;
}

function describeDifferences(
  what: 'zone' | 'key',
  differences: readonly {
    readonly name: string;
    readonly fromMs: number;
    readonly toMs: number;
    readonly present: string;
    readonly changed: string;
  }[],
): string[] {
  if (differences.length === 0) return ['Nothing would have been different.'];
  const seconds = differences.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1000, 0);
  return [
    `Different in ${differences.length} intervals, ${seconds} s of ${what} time:`,
    ...table([
      [what, 'from', 'to', 's', 'present', 'changed'],
      ...differences.map(({ name, fromMs, toMs, present, changed }) => [
        name,
        new Date(fromMs).toISOString(),
        new Date(toMs).toISOString(),
        String((toMs - fromMs) / 1000),
        present,
        changed,
      ]),
    ]),
  ];
}

function cells(times: LevelTimes | undefined): string[] {
  if (times === undefined) return [...SHOWN.map(() => 'absent'), ...RAISED.map(() => '-')];
  return [
    ...SHOWN.map((level) => String(times.seconds[level] ?? 0)),
    ...RAISED.map((level) => {
      const at = times.firstMs[level];
      return at === undefined ? '-' : new Date(at).toISOString();
    }),
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
