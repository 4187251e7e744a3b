// Optimality against all possible assignments, and the rules that every assignment keeps.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assignSparse, type SparseCosts } from './assignment.ts';

type Edge = { row: number; column: number; cost: number };

function graphOf(rows: number, columns: number, edges: readonly Edge[]): SparseCosts {
  const kept = [...new Map(edges.map((e) => [`${e.row} ${e.column}`, e])).values()];
  kept.sort((a, b) => a.row - b.row || a.column - b.column);
  const starts = Array.from({ length: rows + 1 }, (_, r) => kept.filter((e) => e.row < r).length);
  return { rows, columns, starts, targets: kept.map((e) => e.column), costs: kept.map((e) => e.cost) };
}

/** Least total over all assignments, by trying them. */
function least(graph: SparseCosts, alone: number, row = 0, taken = new Set<number>()): number {
  if (row === graph.rows) return 0;
  let best = alone + least(graph, alone, row + 1, taken);
  for (let e = graph.starts[row]; e < graph.starts[row + 1]; e++) {
    const column = graph.targets[e];
    if (taken.has(column)) continue;
    taken.add(column);
    best = Math.min(best, graph.costs[e] + least(graph, alone, row + 1, taken));
    taken.delete(column);
  }
  return best;
}

it('finds the least total of all assignments, gives no column twice and uses edges only', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(
        fc.record({
          row: fc.nat(5),
          column: fc.nat(5),
          cost: fc.oneof(fc.nat(12), fc.double({ min: 0, max: 14, noNaN: true })),
        }),
        { maxLength: 30 },
      ),
      fc.oneof(fc.constant(8), fc.double({ min: 0, max: 20, noNaN: true })),
      (rows, columns, edges, alone) => {
        const graph = graphOf(
          rows,
          columns,
          edges.filter((e) => e.row < rows && e.column < columns),
        );
        const got = assignSparse(graph, alone);
        const used = [...got].filter((c) => c >= 0);
        expect(new Set(used).size).toBe(used.length);
        let total = 0;
        got.forEach((column, row) => {
          if (column < 0) total += alone;
          else {
            const e = Array.from(
              { length: graph.starts[row + 1] - graph.starts[row] },
              (_, k) => graph.starts[row] + k,
            ).find((k) => graph.targets[k] === column);
            expect(e).toBeDefined();
            total += graph.costs[e!];
          }
        });
        expect(total).toBeCloseTo(least(graph, alone), 9);
      },
    ),
    { numRuns: 1500 },
  );
});
