// The same windows as one DuckDB query, where DuckDB is installed: counted per second and zone, then a RANGE window sums
// the seconds. It is given the whole stream in a table beforehand; loading is not counted.
import type { Outcome } from './contestants.ts';
import { eachFrame, type Workload } from './workload.ts';

export interface DuckdbTiming {
  readonly cpuS: number;
  readonly outcome: Outcome;
}

/** The timing, or why there is none. */
export async function duckdbWindows(
  work: Workload,
  columns: readonly (readonly Int32Array[])[],
  lengthMs: number,
  hopMs: number,
  runs: number,
): Promise<DuckdbTiming | string> {
  const api = await import('@duckdb/node-api').catch(() => null);
  if (api === null) return '@duckdb/node-api is not installed';
  const instance = await api.DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run('CREATE TABLE samples (at_ms INTEGER, zone INTEGER)');
    const appender = await connection.createAppender('samples');
    eachFrame(work, columns, (atMs, _camera, zones) => {
      for (const zone of zones) {
        appender.appendInteger(atMs);
        appender.appendInteger(zone);
        appender.endRow();
      }
    });
    appender.closeSync();
    const query = `
      WITH hops AS (SELECT at_ms // ${hopMs} AS hop, zone, count(*) AS n FROM samples GROUP BY ALL),
           slid AS (SELECT hop, zone, sum(n) OVER (PARTITION BY zone ORDER BY hop
                    RANGE BETWEEN ${lengthMs / hopMs - 1} PRECEDING AND CURRENT ROW) AS n FROM hops)
      SELECT hop, zone, n FROM slid WHERE hop >= ${lengthMs / hopMs - 1}`;
    const times: number[] = [];
    let outcome: Outcome = { windows: 0, checksum: 0 };
    for (let i = 0; i < runs; i++) {
      const before = process.cpuUsage();
      const rows = (await connection.runAndReadAll(query)).getRows();
      const used = process.cpuUsage(before);
      times.push((used.user + used.system) / 1e6);
      const frames = (lengthMs / 1000) * work.rateHz;
      let checksum = 0;
      const hops = new Set<number>();
      for (const [hop, zone, n] of rows) {
        hops.add(Number(hop));
        checksum += (Number(n) / frames) * (Number(zone) + 1);
      }
      outcome = { windows: hops.size, checksum };
    }
    times.sort((a, b) => a - b);
    return { cpuS: times[Math.floor(times.length / 2)]!, outcome };
  } finally {
    connection.closeSync();
  }
}
