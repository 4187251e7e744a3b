// Optimal assignment on a sparse graph: who of the rows is who of the columns, at least total cost, where a row may stay
// alone for a fixed cost. Shortest augmenting paths with dual prices (Jonker & Volgenant 1987, Computing 38:325; sparse
// form as in LAPMOD, Volgenant 1996): exact, and each path stays within the neighbourhood that it concerns.

/** Edges of row r are `targets[starts[r]] .. targets[starts[r + 1] - 1]`, each column at most once, costs finite and >= 0. */
export interface SparseCosts {
  readonly rows: number;
  readonly columns: number;
  readonly starts: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  readonly costs: ArrayLike<number>;
}

/**
 * The column of each row, -1 where it stays alone: the total of the costs of the pairs plus `alone` per row without a
 * pair is the least possible. Deterministic: equal costs are settled by index.
 */
export function assignSparse(graph: SparseCosts, alone: number): Int32Array {
  const { rows, columns, starts, targets, costs } = graph;
  // Column `columns + r` is row r's own place to stay alone: with it every row finds a column.
  const all = columns + rows;
  const price = new Float64Array(all);
  const rowOf = new Int32Array(all).fill(-1);
  const columnOf = new Int32Array(rows).fill(-1);
  const distance = new Float64Array(all);
  const from = new Int32Array(all);
  /** Number of the search that saw the column, and twice it + 1 when the column is final. */
  const mark = new Int32Array(all);
  const heap = new Heap();
  const final: number[] = [];

  for (let free = 0; free < rows; free++) {
    const seen = 2 * free + 2;
    heap.clear();
    final.length = 0;
    const relax = (row: number, offset: number): void => {
      const reach = (column: number, cost: number): void => {
        if (mark[column] === seen + 1) return;
        const d = cost - price[column]! - offset;
        if (mark[column] === seen && d >= distance[column]!) return;
        mark[column] = seen;
        distance[column] = d;
        from[column] = row;
        heap.push(d, column);
      };
      for (let e = starts[row]!; e < starts[row + 1]!; e++) reach(targets[e]!, costs[e]!);
      reach(columns + row, alone);
    };
    relax(free, 0);
    let end = -1;
    let least = 0;
    while (end < 0) {
      const column = heap.pop();
      if (mark[column] === seen + 1) continue;
      mark[column] = seen + 1;
      least = distance[column]!;
      if (rowOf[column]! < 0) end = column;
      else {
        final.push(column);
        const row = rowOf[column]!;
        const paid = column >= columns ? alone : costOf(graph, row, column);
        relax(row, paid - price[column]! - least);
      }
    }
    for (const column of final) price[column]! += distance[column]! - least;
    for (let column = end; ; ) {
      const row = from[column]!;
      const before = columnOf[row]!;
      rowOf[column] = row;
      columnOf[row] = column;
      if (row === free) break;
      column = before;
    }
  }
  return columnOf.map((column) => (column < columns ? column : -1));
}

function costOf({ starts, targets, costs }: SparseCosts, row: number, column: number): number {
  for (let e = starts[row]!; e < starts[row + 1]!; e++) if (targets[e] === column) return costs[e]!;
  return Number.POSITIVE_INFINITY;
}

/** A binary heap of (key, column), least key first and of equal keys the least column. Old entries stay until popped. */
class Heap {
  readonly #keys: number[] = [];
  readonly #columns: number[] = [];

  clear(): void {
    this.#keys.length = 0;
    this.#columns.length = 0;
  }

  push(key: number, column: number): void {
    let i = this.#keys.length;
    this.#keys.push(key);
    this.#columns.push(column);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  /** The column of the least entry; there always is one, for a row can stay alone. */
  pop(): number {
    const top = this.#columns[0]!;
    const last = this.#keys.length - 1;
    this.#swap(0, last);
    this.#keys.pop();
    this.#columns.pop();
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < last && this.#before(child, least)) least = child;
      }
      if (least === i) return top;
      this.#swap(i, least);
      i = least;
    }
  }

  #before(a: number, b: number): boolean {
    const d = this.#keys[a]! - this.#keys[b]!;
    return d < 0 || (d === 0 && this.#columns[a]! < this.#columns[b]!);
  }

  #swap(a: number, b: number): void {
    [this.#keys[a], this.#keys[b]] = [this.#keys[b]!, this.#keys[a]!];
    [this.#columns[a], this.#columns[b]] = [this.#columns[b]!, this.#columns[a]!];
  }
}
