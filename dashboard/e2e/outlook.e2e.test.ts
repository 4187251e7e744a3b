// Scores and forecasts on the wall, in a real browser against a real NATS server: what was published is what is marked,
// said and drawn, in both languages, reachable by keyboard, and soon.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { densityTop } from '#dashboard/charts/fan.ts';
import { labelPoint } from '#dashboard/map/local-frame.ts';
import { HISTORY_MS } from '#dashboard/state/spans.ts';
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import { demoVenue, numbersLive, rowsOf, Stage } from './stage.ts';
import {
  jointScore,
  minuteEnd,
  publishForecast,
  publishScore,
  slotEnd,
  unusualSpot,
  zoneForecast,
  zoneScore,
} from './synthetic-outlook.ts';
import { SyntheticVenue } from './synthetic-venue.ts';

const stadium = demoVenue('harbour-stadium');
/** Mean density at two gates, p/m2; elsewhere it is low. */
const GATES: Readonly<Record<string, number>> = {
  'forecourt-s': 2.4,
  'forecourt-n': 1.6,
  'promenade-s': 1.1,
};
const crowd = new SyntheticVenue({
  venue: stadium,
  level: 0,
  seed: 11,
  density: ({ id }) => (id === 'promenade-n' ? null : id === 'pitch' ? 0 : (GATES[id] ?? 0.3)),
});
const zoneOf = (id: string) => stadium.zones.find((zone) => zone.id === id)!;
const countOf = (id: string): number => crowd.truth.find(({ zone }) => zone.id === id)!.count!;

const DENSEST = 'forecourt-s';
const now = countOf(DENSEST);
/** A spot on an empty plaza: nothing else is drawn near it. */
const SPOT = 'plaza-en-1';
/** When it was first found: it is one spot in all tests. */
const SINCE = slotEnd(Date.now());
const [labelX, spotY] = labelPoint(zoneOf(SPOT).area);
// Beside the label.
const spotX = labelX + 15;
/** A forecast whose band leaves no doubt about where it must be drawn. */
const BANDS: ForecastMessage['bands'] = [
  { aheadMs: 300_000, p10: 0.9 * now, p50: 1.05 * now, p90: 1.2 * now },
  { aheadMs: 900_000, p10: 0.6 * now, p50: 1.1 * now, p90: 1.35 * now },
  { aheadMs: 1_800_000, p10: 0.5 * now, p50: 1.2 * now, p90: 1.4 * now },
];

let stage: Stage;
let publishing: { stop(): Promise<void> } | null = null;

beforeAll(async () => {
  stage = await Stage.open([stadium]);
  publishing = startPublishing();
});

afterAll(async () => {
  await publishing?.stop();
  await stage?.close();
});

// They are shown for five minutes: each test has its own.
beforeEach(() => publishAlarms());

afterEach(() => stage.closePages());

/** Three unusual zones, one of them on the other level, and the venue as a whole. */
async function publishAlarms(): Promise<void> {
  const end = slotEnd(Date.now()) - 20_000;
  const alarms = [
    zoneScore(stadium, zoneOf('forecourt-n'), 'count', {
      end,
      score: 0.72,
      code: 'level-up',
      observed: 96.5,
      expected: 41.25,
    }),
    zoneScore(stadium, zoneOf('pitch'), 'health', {
      end,
      score: 0.55,
      code: 'drop',
      observed: 0.25,
      expected: 0.99,
    }),
    zoneScore(stadium, stadium.zones.find(({ level }) => level === 1)!, 'speed', {
      end,
      score: 0.91,
      code: 'drop',
      observed: 0.2,
      expected: 1.3,
    }),
    {
      ...zoneScore(stadium, zoneOf('pitch'), 'inflow', {
        end,
        score: 0.6,
        code: 'drop',
        observed: 2,
        expected: 40,
      }),
      key: 'gate-n',
    },
    unusualSpot(stadium, zoneOf(SPOT), { end, since: SINCE, score: 0.8, x: spotX, y: spotY }),
    jointScore(
      stadium,
      { end, score: 0.66, code: 'spike', observed: 0.4, expected: 0.1 },
      { cause: 'spread', phase: 'egress', departures: [{ zone: 'forecourt-n', share: 0.124 }] },
    ),
  ];
  for (const alarm of alarms) await publishScore(stage.js, alarm);
}

/** What the processors say while nothing happens: numbers each second, low scores each slot, a forecast each minute. */
function startPublishing(): { stop(): Promise<void> } {
  let running = true;
  let slot = 0;
  let minute = 0;
  const loop = (async () => {
    while (running) {
      const began = Date.now();
      await crowd.publishWindows(stage.js, Math.floor(began / 1000) * 1000);
      await crowd.publishGrid(stage.js, began);
      if (slotEnd(began) > slot) {
        slot = slotEnd(began);
        await publishScores(slot);
      }
      if (minuteEnd(began) > minute) {
        minute = minuteEnd(began);
        await publishForecasts(minute);
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1000 - (Date.now() - began))));
    }
  })();
  // A fault is thrown by stop(), where a test sees it.
  loop.catch(() => undefined);
  return {
    stop: async () => {
      running = false;
      await loop;
    },
  };
}

async function publishScores(end: number): Promise<void> {
  for (const { zone, count } of crowd.truth) {
    const code = count === null ? 'missing' : zone.id === 'promenade-s' ? 'learning' : 'normal';
    const figures = { end, score: 0.1, code, observed: count, expected: count } as const;
    await publishScore(stage.js, zoneScore(stadium, zone, 'count', figures));
  }
}

async function publishForecasts(end: number): Promise<void> {
  const thresholds: ForecastMessage['thresholds'] = [
    { level: 'blue', density: 2, earliest: 0, median: 0, latest: 0 },
    { level: 'yellow', density: 3.5, earliest: 12, median: null, latest: null },
  ];
  const published = [
    zoneForecast(stadium, zoneOf(DENSEST), { end, value: now, bands: BANDS, thresholds }),
    zoneForecast(stadium, zoneOf('forecourt-n'), {
      end,
      value: countOf('forecourt-n'),
      bands: [],
      thresholds: [],
    }),
    zoneForecast(stadium, zoneOf('promenade-n'), { end, value: null, bands: [], thresholds: [] }),
  ];
  for (const forecast of published) await publishForecast(stage.js, forecast);
}

/** Rows of the canvas, from its top in plot pixels, where the outer lines of the band lie `aheadMs` after the forecast. */
function bandEdges(page: Page, zoneId: string, epochMs: number) {
  return page.$eval(
    `[data-testid=chart][data-zone=${zoneId}]`,
    (figure, { at, historyMs }) => {
      const canvas = figure.querySelector('canvas')!;
      const over = figure.querySelector('.u-over')!.getBoundingClientRect();
      const box = canvas.getBoundingClientRect();
      const scale = canvas.width / box.width;
      const span = historyMs + 30 * 60_000;
      const x = Math.round(
        (over.left - box.left + (over.width * (at - Date.now() + historyMs)) / span) * scale,
      );
      const top = (over.top - box.top) * scale;
      const height = over.height * scale;
      // Of a copy: reading the canvas itself would make the browser draw it otherwise, and warn of it.
      const copy = document.createElement('canvas');
      copy.width = 1;
      copy.height = height;
      const context = copy.getContext('2d', { willReadFrequently: true })!;
      context.drawImage(canvas, -x, -top);
      const { data } = context.getImageData(0, 0, 1, height);
      const lit: number[] = [];
      // The edges: light blue, more than the fill between them.
      for (let y = 0; y < height; y++) if (data[4 * y + 2]! > 150 && data[4 * y + 3]! > 110) lit.push(y);
      return { top: lit[0], bottom: lit[lit.length - 1], height };
    },
    { at: epochMs, historyMs: HISTORY_MS },
  );
}

async function violations(page: Page): Promise<string[]> {
  const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  // The check itself runs in the page, where axe-core has put itself.
  const found: { id: string; impact: string; nodes: { target: string[] }[] }[] = await page.evaluate(
    '(async () => (await axe.run(document)).violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ target }) => ({ target })) })))()',
  );
  return found.map(
    ({ id, impact, nodes }) =>
      `${impact}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
}

describe('scores and forecasts on the wall', () => {
  it('marks what was unusual before it was opened, strongest first, with the reason in words', async () => {
    const { page, complaints } = await stage.openWall();
    await numbersLive(page);
    await page.waitForSelector('[data-testid=unusual][data-count="5"]');
    // The first three, until more are asked for.
    expect(await page.$$('[data-testid=unusual-entry]')).toHaveLength(3);
    await page.getByTestId('unusual-more').click();
    const listed = await page.$$eval('[data-testid=unusual-entry]', (all) =>
      all.map((entry) => [entry.getAttribute('data-score'), entry.textContent!.replace(/\s+/g, ' ').trim()]),
    );
    expect(listed.map(([score]) => score)).toEqual(['0.91', '0.8', '0.72', '0.6', '0.55']);
    expect(listed[0]![1]).toMatch(/^◆ 0\.91 .*Walking speed: sudden fall, 0\.20 m\/s instead of 1\.30 m\/s/);
    expect(listed[2]![1]).toMatch(/North.*Persons: risen, 97 instead of 41 \d+ s ago/);
    expect(listed[1]![1]).toMatch(
      /^◆ 0\.80 Plaza.*Spot of 80 m²: unexpected crowd, 34 instead of 6 \d+ s ago/,
    );
    expect(listed[3]![1]).toMatch(/North.*Persons in: sudden fall, 2\/min instead of 40\/min/);
    expect(listed[4]![1]).toMatch(/Camera frames: sudden fall, 25 % instead of 99 %/);

    const rows = await rowsOf(page);
    expect(rows['forecourt-n']).toMatchObject({ 'data-score': '0.72', 'data-score-state': 'scored' });
    expect(rows['promenade-s']).toMatchObject({ 'data-score': '', 'data-score-state': 'learning' });
    expect(rows['promenade-n']).toMatchObject({ 'data-score': '', 'data-score-state': 'missing' });
    expect(await page.getByTestId('score-states').innerText()).toMatch(
      /1 zone still learning · 1 zone without score: persons unknown/,
    );
    // On the map: the zones of this level only.
    expect((await page.getAttribute('[data-testid=map]', 'data-unusual'))!.split(' ').sort()).toEqual([
      'forecourt-n',
      'gate-n',
      'pitch',
      `unexpected-crowd@${spotX},${spotY},80`,
    ]);
    expect(await page.innerText('[data-testid=zone-label][data-zone=forecourt-n] .name')).toContain('◆ 0.72');

    const joint = page.locator('[data-notice=joint]');
    expect(await joint.innerText()).toMatch(
      /Unusual for the whole venue 0\.66.*persons are spread.*North.*\+12 %.*egress.*since \d\d:\d\d:\d\d/s,
    );

    // By keyboard: from the list to the zone, on its level.
    const last = page.locator('[data-testid=unusual-entry]').first();
    await last.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/level=1/);
    await page.waitForSelector(`[data-testid=chart][data-zone="${await last.getAttribute('data-zone')}"]`);
    await stage.screenshot(page, 'wall-outlook-level-1');
    expect(complaints).toEqual([]);
  });

  it('draws the published band where it belongs, and says when a level may be reached', async () => {
    const { page, complaints } = await stage.openWall();
    await numbersLive(page);
    const chart = `[data-testid=chart][data-zone=${DENSEST}]`;
    await page.waitForSelector(`${chart}[data-forecast-state=ready]`);
    const published = BANDS.map(({ aheadMs, p10, p50, p90 }) => [aheadMs, p10, p50, p90].join(':')).join(' ');
    expect(await page.getAttribute(chart, 'data-forecast')).toBe(published);
    const end = Number(await page.getAttribute(chart, 'data-forecast-end'));
    await page.waitForTimeout(1500);

    const { areaM2 } = zoneOf(DENSEST);
    const top = densityTop((1.4 * now) / areaM2);
    for (const { aheadMs, p10, p90 } of BANDS.slice(0, 2)) {
      // The chart moves on once a second, and an edge can be faint in a single column: it is looked at again, at other columns.
      await expect
        .poll(
          async () => {
            const seen = await bandEdges(page, DENSEST, end + aheadMs);
            const row = (persons: number): number => seen.height * (1 - persons / areaM2 / top);
            return Math.max(Math.abs(seen.top! - row(p90)), Math.abs(seen.bottom! - row(p10)));
          },
          { timeout: 20_000, interval: 700, message: `farther edge from where it belongs at ${aheadMs}, px` },
        )
        .toBeLessThan(3);
    }
    // Nothing is drawn ahead of a zone without a forecast, and it says why.
    const learning = '[data-testid=chart][data-zone=forecourt-n]';
    expect(await page.getAttribute(learning, 'data-forecast-state')).toBe('learning');
    expect(await page.innerText(learning)).toContain('forecast: still learning');
    expect((await bandEdges(page, 'forecourt-n', end + 900_000)).top).toBeUndefined();

    const reaches = page.locator(`${chart} [data-testid=reaches]`);
    expect(await reaches.getAttribute('data-level')).toBe('yellow');
    const left = 12 - (Date.now() - end) / 60_000;
    expect(Math.abs(Number(await reaches.getAttribute('data-earliest')) - left)).toBeLessThan(0.05);
    expect(await reaches.innerText()).toMatch(/^▲ 3\.5 p\/m² possible in 1[012] min$/);
    await stage.screenshot(page, 'wall-outlook-en');
    expect(complaints).toEqual([]);
  });

  it('keeps the newest whatever comes late, and passes over what it does not know', async () => {
    const { page, complaints } = await stage.openWall();
    await numbersLive(page);
    await page.waitForSelector(`[data-testid=chart][data-zone=${DENSEST}][data-forecast-state=ready]`);
    const older = zoneForecast(stadium, zoneOf(DENSEST), {
      end: minuteEnd(Date.now()) - 120_000,
      value: 1,
      bands: [{ aheadMs: 300_000, p10: 1, p50: 2, p90: 3 }],
      thresholds: [],
    });
    await publishForecast(stage.js, older);
    const at = `${stadium.org}.${stadium.id}`;
    await stage.js.publish(`anom.tomorrow.${at}.forecourt-n`, 'whatever');
    await stage.js.publish(`fcst.tomorrow.${at}.a`, Uint8Array.of(0xff, 0));
    await stage.js.publish(`anom.count.${at}.forecourt-n`, JSON.stringify({ ...older, score: 2 }));
    await page.waitForSelector('[data-testid=unread][data-count="2"]');
    await page.waitForSelector('[data-testid=malformed][data-count="1"]');
    expect(await page.getAttribute(`[data-testid=chart][data-zone=${DENSEST}]`, 'data-forecast')).toContain(
      '1800000:',
    );
    // A wall opened afterwards is no worse off.
    const later = await stage.openWall({ width: 1280, height: 800 });
    await numbersLive(later.page);
    await later.page.waitForSelector(`[data-testid=chart][data-zone=${DENSEST}][data-forecast-state=ready]`);
    expect(
      await later.page.getAttribute(`[data-testid=chart][data-zone=${DENSEST}]`, 'data-forecast'),
    ).toContain('1800000:');
    expect([...complaints, ...later.complaints]).toEqual([]);
  });

  it('has no serious accessibility fault, in English, in Chinese and on a phone', async () => {
    for (const [locale, width, height] of [
      ['en-GB', 1920, 1080],
      ['zh-CN', 1920, 1080],
      ['zh-CN', 390, 844],
    ] as const) {
      const { page, complaints } = await stage.openWall({ width, height, locale });
      await numbersLive(page);
      await page.waitForSelector('[data-testid=unusual-entry]');
      await page.waitForSelector('[data-testid=chart][data-forecast-state=ready]');
      const found = await violations(page);
      console.log(`axe-core, ${locale} ${width} x ${height}: ${found.length} violations ${found.join('; ')}`);
      expect(found.filter((text) => /^(serious|critical)/.test(text))).toEqual([]);
      if (locale === 'zh-CN') {
        const zone = page.locator('[data-testid=unusual-entry][data-zone=forecourt-n]');
        expect(await zone.innerText()).toMatch(/人数上升：97（通常 41）/);
        expect(await page.innerText('[data-notice=joint]')).toContain('场馆整体异常 0.66');
      }
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      await stage.screenshot(page, `wall-outlook-${locale}-${width}`);
      expect(complaints).toEqual([]);
      await stage.closePages();
    }
  });

  it('shows an alarm soon after it is published', async () => {
    const { page } = await stage.openWall();
    await numbersLive(page);
    await page.waitForSelector('[data-testid=unusual-entry]');
    // When each score first stands in the list, by the page's own clock: that of this machine.
    await page.evaluate(() => {
      const seen: Record<string, number> = {};
      Object.assign(window, { seen });
      const look = (): void => {
        for (const entry of document.querySelectorAll('[data-testid=unusual-entry]')) {
          seen[entry.getAttribute('data-score')!] ??= Date.now();
        }
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    const sent = new Map<string, number>();
    const slot = slotEnd(Date.now());
    for (let i = 0; i < 40; i++) {
      const score = 0.92 + i / 1000;
      sent.set(String(score), Date.now());
      await publishScore(
        stage.js,
        zoneScore(stadium, zoneOf(DENSEST), 'count', {
          end: slot + i,
          score,
          code: 'spike',
          observed: 100,
          expected: 50,
        }),
      );
      // The next only when this one is there, and not in step with the page's half-second tick.
      await page.waitForSelector(`[data-testid=unusual-entry][data-score="${score}"]`, { state: 'attached' });
      await page.waitForTimeout((i * 137) % 500);
    }
    const seen: Record<string, number> = await page.evaluate('window.seen');
    const delays = [...sent].map(([score, at]) => seen[score]! - at).sort((a, b) => a - b);
    const rank = (share: number): number => delays[Math.floor(share * (delays.length - 1))]!;
    console.log(
      `published to on the page, ${delays.length} alarms: median ${rank(0.5)} ms, p95 ${rank(0.95)} ms, most ${rank(1)} ms`,
    );
    expect(delays.every(Number.isFinite)).toBe(true);
    expect(rank(0.5)).toBeLessThan(1500);
  });
});
