// What every end-to-end test of the wall stands on: the pages as they are now, a NATS server, the portal and a browser.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { type Portal, startPortal } from '#dashboard/server/index.ts';
import { parseVenue, type Venue } from '#models/venue/index.ts';
import { connect } from '#streams/connect.ts';
import type { RunningServer } from '#streams/server/index.ts';
import { startBrowser } from '#testing/browser.ts';
import { startTestServer } from '#testing/nats.ts';
import { prepareServer } from './synthetic-venue.ts';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** Where screenshots go. */
const artifacts = path.join(repository, 'artifacts');

/** One of the demonstration venues. */
export function demoVenue(name: string): Venue {
  return parseVenue(readFileSync(path.join(repository, 'venues', `${name}.geojson`), 'utf8'));
}

export interface OpenWall {
  readonly page: Page;
  /** Everything the page complained about. */
  readonly complaints: string[];
  /** Hosts the page talked to. */
  readonly hosts: Set<string>;
}

export class Stage {
  readonly server: RunningServer;
  readonly portal: Portal;
  readonly browser: Browser;
  readonly #pages: string;
  #nc: NatsConnection;
  #js: JetStreamClient;

  private constructor(
    parts: Pick<Stage, 'server' | 'portal' | 'browser'> & {
      readonly pages: string;
      readonly nc: NatsConnection;
      readonly js: JetStreamClient;
    },
  ) {
    this.server = parts.server;
    this.portal = parts.portal;
    this.browser = parts.browser;
    this.#pages = parts.pages;
    this.#nc = parts.nc;
    this.#js = parts.js;
  }

  static async open(venues: readonly Venue[]): Promise<Stage> {
    mkdirSync(artifacts, { recursive: true });
    // In a folder of their own: another build must not pull the pages away under the test.
    const pages = mkdtempSync(path.join(tmpdir(), 'tidewatch-wall-'));
    await build({
      configFile: path.join(repository, 'vite.config.ts'),
      root: path.join(repository, 'dashboard'),
      logLevel: 'warn',
      build: { outDir: pages, emptyOutDir: true },
    });
    const server = await startTestServer();
    const nc = await connect({ servers: server.url, name: 'wall-test' });
    const js = await prepareServer(nc, venues);
    const portal = await startPortal({
      port: 0,
      staticFolder: pages,
      websocketUrl: server.websocketUrl,
      organisations: [{ id: 'stadium-centre', name: { zh: '体育场管理中心', en: 'Stadium Centre' } }],
    });
    return new Stage({ server, portal, browser: await startBrowser(), pages, nc, js });
  }

  get nc(): NatsConnection {
    return this.#nc;
  }

  get js(): JetStreamClient {
    return this.#js;
  }

  async openWall(
    options: { width: number; height: number; locale?: string; query?: string } = {
      width: 1920,
      height: 1080,
    },
  ): Promise<OpenWall> {
    const context = await this.browser.newContext({
      viewport: { width: options.width, height: options.height },
      locale: options.locale ?? 'en-GB',
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    const hosts = new Set<string>();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    page.on('websocket', (socket) => hosts.add(new URL(socket.url()).host));
    await page.goto(`${this.portal.url}/${options.query ?? ''}`);
    return { page, complaints, hosts };
  }

  async screenshot(page: Page, name: string): Promise<void> {
    await page.screenshot({ path: path.join(artifacts, `${name}.png`) });
  }

  /** Closes all pages, also those a failed test left open: they would slow down the tests that follow. */
  async closePages(): Promise<void> {
    for (const context of this.browser.contexts()) await context.close();
  }

  /** The server again, and a connection of our own that starts afresh: the test is about how the wall comes back. */
  async restartServer(): Promise<void> {
    await this.server.restart();
    await this.#nc.close();
    this.#nc = await connect({ servers: this.server.url, name: 'wall-test' });
    this.#js = jetstream(this.#nc);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.portal.close();
    await this.#nc.close();
    await this.server.stop();
    rmSync(this.#pages, { recursive: true, force: true });
  }
}

/** The rows as a program reads them. */
export function rowsOf(page: Page): Promise<Record<string, Record<string, string>>> {
  return page.$$eval('[data-testid=zone-row]', (rows) =>
    Object.fromEntries(
      rows.map((row) => [
        row.getAttribute('data-zone') ?? '',
        Object.fromEntries(row.getAttributeNames().map((name) => [name, row.getAttribute(name) ?? ''])),
      ]),
    ),
  );
}

/** Waits until the wall shows numbers and a raster. */
export async function numbersLive(page: Page): Promise<void> {
  await page.waitForSelector('[data-testid=zone-row][data-status=live]', { timeout: 60_000 });
  await page.waitForFunction(
    () => document.querySelector('[data-testid=raster]')?.getAttribute('data-epoch') !== '',
  );
}
