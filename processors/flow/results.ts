// Window blocks as win.flow* messages: one JSON message per line and window.
import { crowdDefaults, isStopAndGo, levelByFlow } from '#models/crowd/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { AggregateSpec, WindowBlock } from '#processors/window/index.ts';
import { flowKind, fusedFlowKind } from '#streams/schema/registry.ts';
import type { FlowWindow, FusedFlowWindow, WindowHead } from '#streams/schema/window.ts';
import { windowMessages } from '../shared/window-messages.ts';
import { type FlowWindowSpec, SUSTAINED_MS } from './config.ts';
import type { FlowLine } from './lines.ts';

/** Names of the aggregates; the operator prefixes its columns with them. */
export const ENTERED = 'in';
export const LEFT = 'out';
export const PERSONS = 'persons';

/** Of each sample 1 where it is a crossing that way, 0 where it is one the other way, NaN where it is a person near the line. */
export const FLOW_COLUMNS = [ENTERED, LEFT] as const;
export const FLOW_AGGREGATES: Readonly<Record<string, AggregateSpec>> = {
  [ENTERED]: { kind: 'sum', column: ENTERED, quantum: 1, maxAbs: 1 },
  [LEFT]: { kind: 'sum', column: LEFT, quantum: 1, maxAbs: 1 },
  [PERSONS]: { kind: 'tickMean' },
};

/** Level F of Fruin's walkway flow begins here, and the Green Guide's ceiling of a level exit lies here. */
const SATURATION = crowdDefaults.walkwayFlowBounds.value[4];

type Results = (block: WindowBlock, outputs: Output[]) => void;

/** win.flow*: counted from the tracks of single cameras. */
export function flowResults(
  venue: Venue,
  lines: readonly FlowLine[],
  specs: readonly FlowWindowSpec[],
): Results {
  const keys = lines.map(({ key, level }) => ({ key, level }));
  const messages = windowMessages<FlowWindow>({ processor: 'flow', kind: flowKind, venue, specs, keys });
  return (block, outputs) =>
    messages.append(block, outputs, (row) => ({
      metric: 'flow',
      ...messages.headOf(block, row),
      ...figuresOf(lines, block, row),
    }));
}

/** win.flow-fused*: counted from persons after fusing overlapping views. */
export function fusedFlowResults(
  venue: Venue,
  lines: readonly FlowLine[],
  specs: readonly FlowWindowSpec[],
): Results {
  const keys = lines.map(({ key, level }) => ({ key, level }));
  const messages = windowMessages<FusedFlowWindow>({
    processor: 'flow-fused',
    kind: fusedFlowKind,
    venue,
    specs,
    keys,
  });
  return (block, outputs) =>
    messages.append(block, outputs, (row) => ({
      metric: 'flow-fused',
      ...messages.headOf(block, row),
      ...figuresOf(lines, block, row),
    }));
}

function figuresOf(
  lines: readonly FlowLine[],
  block: WindowBlock,
  row: number,
): Omit<FlowWindow, 'metric' | keyof WindowHead> {
  const line = lines[block.keys[row]!]!;
  const seconds = (block.end - block.start) / 1000;
  const sustained = block.end - block.start >= SUSTAINED_MS;
  const seen = block.frames[row]! > 0;
  const count = { in: block.values[ENTERED]![row]!, out: block.values[LEFT]![row]! };
  const flow = { in: count.in / seconds, out: count.out / seconds };
  const perMetreMinute = 60 / line.widthM;
  const specific = { in: flow.in * perMetreMinute, out: flow.out * perMetreMinute };
  const density = densityNear(block, row + lines.length, line.near.areaM2);
  const most = Math.max(specific.in, specific.out);
  return {
    line: line.kind,
    count: seen ? count : null,
    flow: seen ? flow : null,
    specific: seen ? specific : null,
    levelOfService: seen ? levelByFlow(specific.in + specific.out) : null,
    density,
    saturated: seen && sustained ? most > SATURATION : null,
    stopAndGo: seen && sustained ? (isStopAndGo(most / 60, density?.mean ?? Number.NaN) ?? null) : null,
  };
}

/** Rows of an issued block are all keys in order: the floor near line k is `lines` rows behind it. */
function densityNear(block: WindowBlock, row: number, areaM2: number): FlowWindow['density'] {
  if (areaM2 < 0.01 || !(block.values[`${PERSONS}.ticks`]![row]! > 0)) return null;
  return {
    mean: block.values[`${PERSONS}.mean`]![row]! / areaM2,
    max: block.values[`${PERSONS}.max`]![row]! / areaM2,
  };
}
