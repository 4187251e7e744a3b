// The wall in a real browser against a real NATS server: the numbers on the screen are those that were published, and
// when nothing is published any more the wall says so.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DISPLAY_UNKNOWN } from '#dashboard/feed/messages.ts';
import { labelPoint } from '#dashboard/map/local-frame.ts';
import { demoVenue, numbersLive, rowsOf, Stage } from './stage.ts';
import { SyntheticVenue, storeVenue } from './synthetic-venue.ts';

const stadium = demoVenue('harbour-stadium');
const pool = demoVenue('lotus-pool');
/** Mean density at ingress by the first word of a zone's id, p/m2. */
const INGRESS: Readonly<Record<string, number>> = {
  approach: 1.3,
  promenade: 1.1,
  forecourt: 2.4,
  plaza: 0.25,
  concourse: 0.8,
};
/** Ground level of the stadium at ingress: one gate overcrowded, one zone that nobody sees, an empty pitch. */
const crowd = new SyntheticVenue({
  venue: stadium,
  level: 0,
  seed: 7,
  density: ({ id }, i) => {
    if (id === 'promenade-n') return null;
    if (id === 'forecourt-s') return 4.6;
    return (INGRESS[id.split('-')[0]!] ?? 0) * (0.5 + ((i * 7) % 11) / 11);
  },
});

let stage: Stage;
/** Publishes the crowd once a second while it is on; `stop()` waits for the last. */
let publishing: { stop(): Promise<void> } | null = null;

beforeAll(async () => {
  stage = await Stage.open([stadium, pool]);
});

afterAll(async () => {
  await publishing?.stop();
  await stage?.close();
});

afterEach(async () => {
  if (!stage.server.running) await stage.restartServer();
  await stage.closePages();
});

function startPublishing(): { stop(): Promise<void> } {
  let running = true;
  let seq = 0;
  const { nc, js } = stage;
  const loop = (async () => {
    while (running) {
      const now = Date.now();
      crowd.publishPeople(nc, now, seq);
      await crowd.publishGrid(js, now);
      if (seq % 2 === 0) await crowd.publishWindows(js, Math.floor(now / 1000) * 1000);
      seq++;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 500 - (Date.now() - now))));
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

describe('the wall', () => {
  it('shows every zone the numbers that were published, at 1920 x 1080', async () => {
    // Two minutes of past, so that the charts have a line when the page opens.
    const now = Math.floor(Date.now() / 1000) * 1000;
    for (let s = 120; s > 0; s -= 5) await crowd.publishWindows(stage.js, now - s * 1000);
    publishing = startPublishing();
    const { page, complaints, hosts } = await stage.openWall();
    await numbersLive(page);

    const rows = await rowsOf(page);
    expect(Object.keys(rows)).toHaveLength(stadium.zones.length);
    for (const { zone, count } of crowd.truth) {
      const row = rows[zone.id]!;
      expect(row['data-count'], zone.id).toBe(count === null ? '' : String(count));
      expect(row['data-status'], zone.id).toBe(count === null ? 'unknown' : 'live');
      if (count !== null) {
        expect(Number(row['data-density']), zone.id).toBeCloseTo(count / zone.areaM2, 10);
        expect(Date.now() - Number(row['data-end']), zone.id).toBeLessThan(5000);
      }
    }
    // The other level was not published: every zone of it is unknown, none is zero.
    for (const zone of stadium.zones.filter((candidate) => candidate.level === 1)) {
      expect(rows[zone.id]).toMatchObject({ 'data-status': 'unknown', 'data-count': '' });
    }

    await page.waitForFunction(
      (persons) =>
        document.querySelector('[data-testid=people]')?.getAttribute('data-count') === String(persons),
      crowd.persons,
    );
    expect(await page.getByTestId('legend').innerText()).toContain('p/m²');
    expect(await page.getByTestId('link').getAttribute('data-state')).toBe('connected');
    expect(await page.$$('[data-testid=chart] canvas')).toHaveLength(6);
    expect(await page.title()).toBe('Tidewatch · crowd safety');

    // Under the pointer stands the cell's own number, and the place is the right one.
    const inside = await page.$$('[data-testid=zone-label][data-beside=false]:not([hidden])');
    expect(inside.length).toBeGreaterThan(5);
    let dense = 0;
    for (const label of inside) {
      const box = (await label.boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      const id = await label.getAttribute('data-zone');
      const reading = await page.waitForSelector(`[data-testid=reading][data-zone="${id}"]`);
      const [read, x, y] = await Promise.all(
        ['data-density', 'data-x', 'data-y'].map(async (name) => Number(await reading.getAttribute(name))),
      );
      const [wantX, wantY] = labelPoint(stadium.zones.find((zone) => zone.id === id)!.area);
      // Labels stand on whole pixels, about a third of a metre here.
      expect(Math.hypot(x! - wantX, y! - wantY), `place of ${id}`).toBeLessThan(0.5);
      expect(read!.toFixed(3), `cell in ${id}`).toBe((crowd.cellAt(x!, y!) ?? DISPLAY_UNKNOWN).toFixed(3));
      if (read! > 0.5) dense++;
    }
    expect(dense).toBeGreaterThan(2);
    await page.mouse.move(5, 5);

    // By keyboard: a zone is chosen, its chart comes first, its label is marked.
    const last = crowd.truth.find(({ zone }) => zone.id === 'pitch')!.zone.id;
    await page.locator(`[data-testid=zone-row][data-zone=${last}] button`).focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector(`[data-testid=chart][data-zone=${last}]`);
    expect(await page.getAttribute(`[data-testid=zone-row][data-zone=${last}] button`, 'aria-pressed')).toBe(
      'true',
    );
    expect(await page.getAttribute('[data-testid=chart]', 'data-zone')).toBe(last);
    await page.keyboard.press('Enter');
    await page.waitForSelector(`[data-testid=chart][data-zone=${last}]`, { state: 'detached' });

    // The picture is of now: not seconds behind, as a page that queues frames would be.
    await page.waitForTimeout(2500);
    const behind = await page.$eval(
      '[data-testid=raster]',
      (e) => Date.now() - Number(e.getAttribute('data-epoch')),
    );
    expect(behind).toBeLessThan(3000);
    await stage.screenshot(page, 'wall-1920-en');

    await page.getByTestId('language').click();
    expect(await page.getByTestId('legend').innerText()).toContain('人/m²');
    expect(await page.getByTestId('link').innerText()).toContain('已连接');
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
    await page.waitForTimeout(700);
    await stage.screenshot(page, 'wall-1920-zh');

    expect(complaints).toEqual([]);
    expect([...hosts].sort()).toEqual(
      [new URL(stage.portal.url).host, new URL(stage.server.websocketUrl).host].sort(),
    );
  });

  it('says that numbers are stale, then unknown, when the data stop, and counts what it cannot read', async () => {
    const { page, complaints } = await stage.openWall();
    await numbersLive(page);
    stage.nc.publish(
      'win.density.stadium-centre.harbour-stadium.pitch',
      new TextEncoder().encode('{"metric":"density"}'),
    );
    stage.nc.publish('grid.stadium-centre.harbour-stadium.0', Uint8Array.of(1, 2, 3));
    await page.waitForSelector('[data-testid=malformed][data-count="2"]');

    await publishing?.stop();
    publishing = null;
    const known = crowd.truth.find(({ count }) => count !== null && count > 100)!;
    const row = (status: string): string =>
      `[data-testid=zone-row][data-zone=${known.zone.id}][data-status=${status}]`;
    await page.waitForSelector(row('stale'), { timeout: 60_000 });
    expect(await page.getAttribute(row('stale'), 'data-count')).toBe(String(known.count));
    await stage.screenshot(page, 'wall-stale');
    await page.waitForSelector(row('unknown'), { timeout: 60_000 });
    expect(await page.getAttribute(row('unknown'), 'data-count')).toBe('');
    expect(await page.locator(row('unknown')).innerText()).toContain('?');
    await stage.screenshot(page, 'wall-unknown');
    const statuses = Object.values(await rowsOf(page)).map((attributes) => attributes['data-status']);
    expect(new Set(statuses)).toEqual(new Set(['unknown']));
    expect(complaints).toEqual([]);
  });

  it('says when the server is gone, and comes back by itself when the server does', async () => {
    await publishing?.stop();
    publishing = null;
    const open = await stage.openWall();
    await open.page.waitForSelector('[data-testid=zone-row]');
    await stage.server.kill9();
    await open.page.waitForSelector('[data-testid=link][data-state=reconnecting]');
    const notice = await open.page.waitForSelector('[data-notice=link]');
    expect(await notice.innerText()).toContain('no longer change');
    // A wall that is opened while there is no server waits for it.
    const early = await stage.openWall();
    await early.page.waitForSelector('[data-testid=link][data-state=connecting]');

    await stage.restartServer();
    publishing = startPublishing();
    for (const { page } of [open, early]) {
      await page.waitForSelector('[data-testid=link][data-state=connected]', { timeout: 90_000 });
      await numbersLive(page);
    }
    // The watch on the venues outlived the crash: a new version appears without a reload.
    await storeVenue(stage.nc, { ...pool, version: 2, name: { zh: '新名', en: 'Renamed Pool' } });
    await open.page.getByTestId('organisation').selectOption('swimming-centre');
    await open.page.waitForFunction(() =>
      document.querySelector('[data-testid=venue]')?.textContent?.includes('Renamed Pool'),
    );
  });

  it('changes venue and level, remembers them in the address, and fits a phone', async () => {
    publishing ??= startPublishing();
    const { page, complaints } = await stage.openWall({ width: 390, height: 844, locale: 'zh-CN' });
    await numbersLive(page);
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.waitForTimeout(1500);
    await stage.screenshot(page, 'wall-phone-zh');

    await page.click('[data-testid=level][data-level="1"]');
    await page.waitForURL(/level=1/);
    await page.getByTestId('organisation').selectOption('swimming-centre');
    await page.waitForURL(/venue=swimming-centre\.lotus-pool/);
    await page.waitForSelector('[data-testid=zone-row][data-zone=deck]');
    expect(await page.$$('[data-testid=zone-row][data-status=unknown]')).toHaveLength(pool.zones.length);
    await page.reload();
    await page.waitForSelector('[data-testid=zone-row][data-zone=deck]');
    await page.waitForSelector('[data-testid=link][data-state=connected]');

    // Data of another time (a recording) are shown, and said to be so.
    const recorded = new SyntheticVenue({ venue: pool, level: 0, seed: 3, density: () => 0.5 });
    const lastYear = Math.floor(Date.now() / 1000) * 1000 - 365 * 86_400_000;
    for (let s = 0; s < 3; s++) {
      await recorded.publishWindows(stage.js, lastYear + s * 1000);
      await page.waitForTimeout(300);
    }
    await page.waitForSelector('[data-notice=other-time]');
    // The newest of the three is what stays on the screen.
    const newest = `[data-testid=zone-row][data-zone=deck][data-status=live][data-end="${lastYear + 2000}"]`;
    await page.waitForSelector(newest);
    expect(complaints).toEqual([]);
  });
});
