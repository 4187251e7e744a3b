// Distinct ids in view, exact: each window counts in how many of its panes an id was seen.
import type { WindowFrame } from '../types.ts';
import { CountTable } from './count-table.ts';
import { CountingKernel } from './counting.ts';
import type { EngineShape } from './kernel.ts';
import type { SlidingCounts } from './pane-counts.ts';

const ID_SPAN = 2 ** 32;

class DistinctCounts implements SlidingCounts {
  readonly perKey: Float64Array;
  readonly #panesOf = new CountTable();

  constructor(keyCount: number) {
    this.perKey = new Float64Array(keyCount);
  }

  reset(): void {
    this.perKey.fill(0);
    this.#panesOf.clear();
  }

  change(id: number, _count: number, sign: 1 | -1): void {
    const panes = this.#panesOf.add(id, sign);
    const key = Math.floor(id / ID_SPAN);
    if (sign === 1 && panes === 1) this.perKey[key]!++;
    else if (sign === -1 && panes === 0) this.perKey[key]!--;
  }
}

export class DistinctKernel extends CountingKernel<DistinctCounts> {
  readonly parts: readonly string[] = [''];
  readonly object = false;
  readonly #column: number;

  constructor(shape: EngineShape, column: number) {
    super(shape, () => new DistinctCounts(shape.keys.length));
    this.#column = column;
  }

  add(pane: number, frame: WindowFrame): void {
    const { keys, n } = frame;
    const ids = frame.columns[this.#column]!;
    const table = this.counts.table(pane);
    const over = this.counts.over(pane);
    for (let i = 0; i < n; i++) {
      const key = keys[i]!;
      if (key < 0) continue;
      const id = key * ID_SPAN + ids[i]!;
      if (table.add(id, 1) === 1) for (const window of over) window.change(id, 1, 1);
    }
  }

  emit(window: number, _from: number, to: number, rows: Int32Array, out: Float64Array[]): void {
    const { perKey } = this.windowTo(window, to);
    for (let i = 0; i < rows.length; i++) out[0]![i] = perKey[rows[i]!]!;
  }
}
