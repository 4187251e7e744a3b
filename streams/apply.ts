// Makes a server's streams equal to the table of topology.ts: a plan that can be printed, then its execution.
// Running it twice changes nothing; what a server cannot change in place is refused, never dropped and recreated.
import { JetStreamApiError, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { isStreamsError, messageOf, StreamsError } from './errors.ts';
import type { DeclaredConfig, StreamDeclaration } from './topology.ts';

export interface FieldDifference {
  readonly field: string;
  readonly server: unknown;
  readonly wanted: unknown;
}

export type PlanStep =
  | { readonly action: 'keep'; readonly name: string }
  | { readonly action: 'create'; readonly name: string; readonly config: DeclaredConfig }
  | {
      readonly action: 'update';
      readonly name: string;
      readonly config: DeclaredConfig;
      readonly differences: readonly FieldDifference[];
    }
  | {
      readonly action: 'conflict';
      readonly name: string;
      readonly differences: readonly FieldDifference[];
      readonly remedy: string;
    };

const STREAM_NOT_FOUND = 10059;

/** Fields a server never changes on a stream that exists. */
const FIXED_FIELDS = new Set(['storage', 'retention', 'name']);
/** Protections that, once on, stay on. */
const ONE_WAY_FIELDS = new Set(['deny_delete', 'deny_purge', 'allow_msg_ttl']);

/** What has to be done for the server to equal `declared`; changes nothing. */
export async function plan(
  jsm: JetStreamManager,
  declared: readonly StreamDeclaration[],
): Promise<readonly PlanStep[]> {
  const steps: PlanStep[] = [];
  for (const { config } of declared) {
    const running = await configOf(jsm, config.name);
    steps.push(
      running === undefined ? { action: 'create', name: config.name, config } : compare(running, config),
    );
  }
  return steps;
}

function compare(running: StreamConfig, config: DeclaredConfig): PlanStep {
  const differences = differencesOf(running, config);
  if (differences.length === 0) return { action: 'keep', name: config.name };
  const impossible = differences.filter(
    ({ field, server }) => FIXED_FIELDS.has(field) || (ONE_WAY_FIELDS.has(field) && server === true),
  );
  if (impossible.length === 0) return { action: 'update', name: config.name, config, differences };
  return {
    action: 'conflict',
    name: config.name,
    differences: impossible,
    remedy:
      `a server cannot change ${impossible.map(({ field }) => field).join(', ')} of a stream that exists: back it up ` +
      `(nats stream backup ${config.name} DIR), delete it and start again`,
  };
}

/** Field by field, only what the table declares. The server leaves out fields that are false, zero or empty. */
export function differencesOf(running: Partial<StreamConfig>, wanted: DeclaredConfig): FieldDifference[] {
  const differences: FieldDifference[] = [];
  const server = new Map<string, unknown>(Object.entries(running));
  for (const [field, value] of Object.entries(wanted)) {
    if (normal(server.get(field)) !== normal(value)) {
      differences.push({ field, server: server.get(field), wanted: value });
    }
  }
  return differences;
}

function normal(value: unknown): string {
  if (value === undefined || value === false || value === 0 || value === 'none') return '';
  if (!Array.isArray(value)) return JSON.stringify(value);
  const items = value.map((item) => JSON.stringify(item)).sort();
  return items.length === 0 ? '' : items.join();
}

/**
 * Plans, prints each difference through `print`, and executes.
 * @throws StreamsError `stream-differs` when a stream cannot be changed in place or the server refuses; in the first
 *   case nothing at all has been changed
 */
export async function apply(
  jsm: JetStreamManager,
  declared: readonly StreamDeclaration[],
  print: (line: string) => void = () => undefined,
): Promise<readonly PlanStep[]> {
  const steps = await plan(jsm, declared);
  for (const line of describePlan(steps)) print(line);
  const conflict = steps.find((step) => step.action === 'conflict');
  if (conflict?.action === 'conflict') {
    throw new StreamsError(
      'stream-differs',
      `stream ${conflict.name} differs from the table`,
      conflict.remedy,
    );
  }
  for (const step of steps) {
    try {
      if (step.action === 'create') await jsm.streams.add(step.config);
      if (step.action === 'update') {
        // Over the server's own configuration, so that what the table does not speak of stays as it is.
        const running = await configOf(jsm, step.name);
        await jsm.streams.update(step.name, { ...running, ...step.config });
      }
    } catch (error) {
      throw new StreamsError(
        'stream-differs',
        `the server refuses to ${step.action} stream ${step.name}: ${messageOf(error)}`,
        'another stream may hold its subjects, or the disk or the account limit is too small for its limits',
        error,
      );
    }
  }
  return steps;
}

/** The plan as lines for people; nothing for streams that are as declared. */
export function describePlan(steps: readonly PlanStep[]): string[] {
  const lines: string[] = [];
  for (const step of steps) {
    if (step.action === 'keep') continue;
    lines.push(`${step.action} ${step.name}`);
    if (step.action === 'create') continue;
    for (const { field, server, wanted } of step.differences) {
      lines.push(`  ${field}: ${show(server)} -> ${show(wanted)}`);
    }
  }
  return lines;
}

function show(value: unknown): string {
  return value === undefined ? 'unset' : JSON.stringify(value);
}

async function configOf(jsm: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await jsm.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    if (isStreamsError(error)) throw error;
    throw new StreamsError(
      'server-unreachable',
      `cannot read stream ${name}: ${messageOf(error)}`,
      'check that the server runs with JetStream enabled and that this account may use it',
      error,
    );
  }
}
