// From the configuration of an aggregate to the kernel that computes it, with every bound checked once.
import { WindowError } from '../errors.ts';
import { HistogramKernel, logBins, QuantileKernel } from './bins.ts';
import { DistinctKernel } from './distinct.ts';
import { ExtremeKernel, LastKernel } from './extremes.ts';
import type { EngineShape, Kernel } from './kernel.ts';
import type { AggregateSpec, FixedPoint } from './spec.ts';
import { CountKernel, KnownCountKernel, SumKernel, VarianceKernel } from './sums.ts';
import { TickMeanKernel } from './tick-mean.ts';
import { UserKernel } from './user.ts';

const DEFAULT_QUANTUM = 2 ** -10;
const DEFAULT_MAX_ABS = 1024;
/** Greatest |value| / quantum: squares then stay below 2^52 and split into limbs. */
const MAX_LEVELS = 2 ** 26;

/** What the values of a column must satisfy. NaN always passes: it is "not known". */
export interface ColumnBound {
  readonly column: number;
  readonly maxAbs: number;
  /** True where values are ids: integers in [0, 2^32), never NaN. */
  readonly ids: boolean;
}

export function fixedPoint(
  name: string,
  spec: FixedPoint,
): { quantum: number; maxAbs: number; levels: number } {
  const quantum = spec.quantum ?? DEFAULT_QUANTUM;
  const maxAbs = spec.maxAbs ?? DEFAULT_MAX_ABS;
  if (!(quantum > 0) || !Number.isInteger(Math.log2(quantum))) {
    throw invalid(`aggregate ${name}: quantum ${quantum} is not a power of two`, 'use for example 2 ** -10');
  }
  const levels = Math.ceil(maxAbs / quantum);
  if (!(maxAbs > 0) || levels > MAX_LEVELS) {
    throw invalid(
      `aggregate ${name}: maxAbs ${maxAbs} is not within (0, 2^26] quanta of ${quantum}`,
      'use a coarser quantum or a smaller maxAbs',
    );
  }
  return { quantum, maxAbs, levels };
}

/** Greatest integer that one sample can add to any sum of the aggregate. */
export function levelsOf(name: string, spec: AggregateSpec): number {
  switch (spec.kind) {
    case 'sum':
    case 'mean':
      return fixedPoint(name, spec).levels;
    case 'variance':
      return limbOf(fixedPoint(name, spec).levels);
    default:
      return 1;
  }
}

function limbOf(levels: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(levels, 2)));
}

export function columnsOf(spec: AggregateSpec): readonly string[] {
  if (spec.kind === 'user') return spec.columns;
  if (spec.kind === 'tickMean') return [];
  return spec.column === undefined ? [] : [spec.column];
}

export function boundOf(name: string, spec: AggregateSpec, column: number): ColumnBound {
  if (spec.kind === 'sum' || spec.kind === 'mean' || spec.kind === 'variance') {
    return { column, maxAbs: fixedPoint(name, spec).maxAbs, ids: false };
  }
  return { column, maxAbs: Number.MAX_VALUE, ids: spec.kind === 'distinct' };
}

export function createKernel(
  shape: EngineShape,
  name: string,
  spec: AggregateSpec,
  columns: readonly number[],
): Kernel {
  const column = columns[0]!;
  switch (spec.kind) {
    case 'count':
      return spec.column === undefined ? new CountKernel(shape) : new KnownCountKernel(shape, column);
    case 'sum':
    case 'mean':
      return new SumKernel(shape, column, fixedPoint(name, spec).quantum, spec.kind === 'mean');
    case 'variance': {
      const { quantum, levels } = fixedPoint(name, spec);
      return new VarianceKernel(shape, column, quantum, limbOf(levels));
    }
    case 'min':
    case 'max':
      return new ExtremeKernel(shape, column, spec.kind);
    case 'last':
      return new LastKernel(shape, column);
    case 'tickMean':
      return new TickMeanKernel(shape);
    case 'distinct':
      return new DistinctKernel(shape, column);
    case 'histogram':
      checkEdges(name, spec.edges);
      return new HistogramKernel(shape, column, spec.edges);
    case 'quantile': {
      const { quantiles, min, max, relativeAccuracy = 0.01 } = spec;
      if (quantiles.length === 0 || quantiles.some((q) => !(q >= 0 && q <= 1))) {
        throw invalid(
          `aggregate ${name}: quantiles ${quantiles} are not in [0, 1]`,
          'use for example [0.5, 0.95]',
        );
      }
      if (!(min > 0 && max > min && max < Number.POSITIVE_INFINITY)) {
        throw invalid(`aggregate ${name}: range [${min}, ${max}] is not positive`, 'use 0 < min < max');
      }
      if (!(relativeAccuracy >= 1e-4 && relativeAccuracy <= 0.2)) {
        throw invalid(
          `aggregate ${name}: relativeAccuracy ${relativeAccuracy}`,
          'use a value in [0.0001, 0.2]',
        );
      }
      return new QuantileKernel(shape, column, logBins(min, max, relativeAccuracy), quantiles);
    }
    case 'user':
      return new UserKernel(shape, columns, spec.aggregate);
  }
}

function checkEdges(name: string, edges: readonly number[]): void {
  const ascending = edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge > edges[i - 1]!));
  if (edges.length === 0 || !ascending) {
    throw invalid(`aggregate ${name}: edges ${edges} do not ascend`, 'give finite edges in ascending order');
  }
}

function invalid(message: string, remedy: string): WindowError {
  return new WindowError('config-invalid', message, remedy);
}
