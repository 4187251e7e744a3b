// The whole product as a user starts it, in a real browser: `tidewatch up`, simulated cameras, the wall. The numbers on the
// screen equal the simulator's ground truth within the noise it states.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseVenue, type Zone } from '#models/venue/index.ts';
import { DEFAULT_NOISE } from '#streams/sources/simulator/index.ts';
import { startBrowser } from '#testing/browser.ts';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const artifacts = path.join(repository, 'artifacts');
const venue = parseVenue(readFileSync(path.join(repository, 'venues', 'harbour-stadium.geojson'), 'utf8'));
const WINDOW_MS = 5_000;
const ROWS_WANTED = 150;
const DEADLINE_MS = 150_000;

const truthLine = z.object({
  epochMs: z.number(),
  zones: z.record(z.string(), z.object({ count: z.number(), density: z.number() })),
});
type Truth = z.infer<typeof truthLine>;

let folder: string;
let truthFile: string;
let product: ChildProcess;
let simulator: ChildProcess;
let browser: Browser;
let address: string;

/** Starts a verb as a user would; its lines go to `onLine`. */
function tidewatch(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): ChildProcess {
  const child = spawn(process.execPath, ['bin/tidewatch.mjs', ...args], {
    cwd: repository,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream! }).on('line', onLine);
  return child;
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

beforeAll(async () => {
  mkdirSync(artifacts, { recursive: true });
  folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-evening-'));
  truthFile = path.join(folder, 'truth.jsonl');
  const lines: string[] = [];
  const environment = { NATS_URL: undefined };
  const found = new Promise<{ wall: string; nats: string }>((resolve, reject) => {
    const args = [
      'up',
      '--no-simulator',
      '--data',
      folder,
      '--port',
      '0',
      '--nats-port',
      '0',
      '--websocket-port',
      '0',
    ];
    product = tidewatch(args, environment, (line) => {
      lines.push(line);
      const nats = lines.map((l) => /NATS \S+ at (nats:\S+),/.exec(l)?.[1]).find((url) => url !== undefined);
      const wall = /the wall is at (\S+)/.exec(line)?.[1];
      if (wall !== undefined && nats !== undefined) resolve({ wall, nats });
    });
    product.once('exit', () => reject(new Error(`tidewatch up ended:\n${lines.join('\n')}`)));
  });
  const { wall, nats } = await found;
  address = wall;
  simulator = tidewatch(
    ['ingest', 'simulator', '--seed', '7', '--truth', truthFile],
    { NATS_URL: nats },
    (line) => console.log(`simulator: ${line}`),
  );
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await stop(simulator);
  await stop(product);
  rmSync(folder, { recursive: true, force: true });
});

describe('a simulated evening on the wall', () => {
  it('shows what is true within the stated noise, and no console error', async () => {
    const errors: string[] = [];
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${address}/?venue=${venue.org}.${venue.id}&level=0`);

    const seen = new Map<string, Row>();
    const until = Date.now() + DEADLINE_MS;
    while (seen.size < ROWS_WANTED && Date.now() < until) {
      for (const row of await readRows(page)) {
        // A window that a late frame may still correct says so by its completeness.
        if (row.completeness === 1) seen.set(`${row.zone} ${row.end}`, row);
      }
      await page.waitForTimeout(1_000);
    }
    await page.screenshot({ path: path.join(artifacts, 'evening.png') });
    const raster = page.getByTestId('raster');
    const firstRaster = await raster.getAttribute('data-epoch');
    await expect
      .poll(async () => raster.getAttribute('data-epoch'), { timeout: 20_000 })
      .not.toBe(firstRaster);
    await page.close();

    expect(seen.size).toBeGreaterThanOrEqual(ROWS_WANTED);
    const truth = readTruth();
    let shown = 0;
    let real = 0;
    for (const row of seen.values()) {
      const zone = venue.zones.find(({ id }) => id === row.zone)!;
      const { mean, low, high } = expected(zone, truth, row.end);
      expect(row.count, `${row.zone} at ${row.end}, truly ${mean}`).toBeGreaterThanOrEqual(low);
      expect(row.count, `${row.zone} at ${row.end}, truly ${mean}`).toBeLessThanOrEqual(high);
      shown += row.count;
      real += mean;
    }
    // Over all zones the edge terms cancel, and what is left is the share of misses.
    const share = shown / real;
    console.log(
      `${seen.size} zone numbers within bounds; shown ${(100 * share).toFixed(1)} % of the persons there`,
    );
    expect(Math.abs(share - (1 - DEFAULT_NOISE.missRate))).toBeLessThan(0.02);
    expect(errors).toEqual([]);
  });
});

interface Row {
  readonly zone: string;
  readonly count: number;
  readonly end: number;
  readonly completeness: number;
}

async function readRows(page: Page): Promise<Row[]> {
  const rows = await page.$$eval('[data-testid=zone-row]', (elements) =>
    elements.map((element) => ({ ...(element as HTMLElement).dataset })),
  );
  return rows
    .filter((row) => row.status === 'live' && row.count !== undefined && row.count !== '')
    .map((row) => ({
      zone: row.zone ?? '',
      count: Number(row.count),
      end: Number(row.end),
      completeness: Number(row.completeness),
    }));
}

function readTruth(): Map<number, Truth> {
  const lines = readFileSync(truthFile, 'utf8').split('\n').slice(0, -1);
  return new Map(
    lines.map((line) => {
      const tick = truthLine.parse(JSON.parse(line));
      return [tick.epochMs, tick];
    }),
  );
}

/** True mean of the window's ticks, and its bounds: four deviations of the misses, and persons near the zone's edge. */
function expected(zone: Zone, truth: ReadonlyMap<number, Truth>, end: number) {
  const counts: number[] = [];
  for (let at = end - WINDOW_MS; at < end; at += venue.tickMs) {
    const tick = truth.get(at);
    if (tick === undefined)
      throw new Error(`no truth at ${at}: the simulator's log does not cover the window`);
    counts.push(tick.zones[zone.id]!.count);
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const { missRate, positionSigmaM } = DEFAULT_NOISE;
  const misses = 4 * Math.sqrt((mean * missRate * (1 - missRate)) / counts.length);
  // A normal error moves sigma * 0.4 * density * perimeter persons over the edge each way, Poisson; persons crowd at edges
  // (queues, walls), so twice the mean density. Outwards over a wall nobody comes back: hence once that mean in full.
  const crossing = 0.4 * positionSigmaM * perimeter(zone) * ((2 * mean) / zone.areaM2);
  const border = crossing + 4 * Math.sqrt(2 * crossing) + 1;
  const middle = mean * (1 - missRate);
  return { mean, low: middle - misses - border, high: middle + misses + border };
}

function perimeter({ area }: Zone): number {
  let length = 0;
  for (const ring of [area.exterior, ...area.holes]) {
    for (let i = 0; i < ring.length; i += 2) {
      const j = (i + 2) % ring.length;
      length += Math.hypot(ring[j]! - ring[i]!, ring[j + 1]! - ring[i + 1]!);
    }
  }
  return length;
}
