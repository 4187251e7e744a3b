import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wallConfig } from '../config.ts';
import { type Portal, PortalError, startPortal } from './portal.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tidewatch-portal-'));
const staticFolder = path.join(root, 'dist');
const websocketUrl = 'ws://127.0.0.1:9999';
let portal: Portal;

beforeAll(async () => {
  mkdirSync(path.join(staticFolder, 'assets'), { recursive: true });
  writeFileSync(path.join(staticFolder, 'index.html'), '<!doctype html><title>wall</title>');
  writeFileSync(path.join(staticFolder, 'assets', 'x.js'), 'export {};');
  writeFileSync(path.join(root, 'secret.txt'), 'not for the web');
  portal = await startPortal({
    port: 0,
    staticFolder,
    websocketUrl,
    organisations: [{ id: 'o', name: { zh: '单位', en: 'Unit' } }],
  });
});

afterAll(async () => {
  await portal.close();
  rmSync(root, { recursive: true, force: true });
});

/** The status of a raw path, which fetch would normalise. */
function rawStatus(rawPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(portal.url, { path: rawPath }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('portal', () => {
  it('serves the pages with a policy that allows only itself and its NATS server', async () => {
    const response = await fetch(portal.url);
    expect(await response.text()).toContain('wall');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`connect-src 'self' ${websocketUrl}`);
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cache-control')).toBe('no-cache');
  });

  it('lets browsers keep what is named by its hash', async () => {
    const response = await fetch(`${portal.url}/assets/x.js`);
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('content-type')).toContain('javascript');
  });

  it('tells the page where live data are', async () => {
    const config = wallConfig.parse(await (await fetch(`${portal.url}/api/config`)).json());
    expect(config).toEqual({
      format: 1,
      websocketUrl,
      organisations: [{ id: 'o', name: { zh: '单位', en: 'Unit' } }],
    });
    expect((await fetch(`${portal.url}/healthz`)).status).toBe(200);
  });

  it('refuses what it does not have, other methods, and ways out of its folder', async () => {
    expect((await fetch(`${portal.url}/api/nothing`)).status).toBe(404);
    expect((await fetch(`${portal.url}/nothing.html`)).status).toBe(404);
    expect((await fetch(portal.url, { method: 'POST' })).status).toBe(405);
    expect(await rawStatus('/../secret.txt')).toBe(404);
    expect(await rawStatus('/%2e%2e/secret.txt')).toBe(404);
  });

  it('fails to start with what to do', async () => {
    const port = Number(new URL(portal.url).port);
    const code = (error: unknown): string => (error instanceof PortalError ? error.code : String(error));
    expect(await startPortal({ port, staticFolder, websocketUrl }).catch(code)).toBe('port-in-use');
    expect(await startPortal({ port: 0, staticFolder: root, websocketUrl }).catch(code)).toBe(
      'pages-missing',
    );
    expect(await startPortal({ port: 0, staticFolder, websocketUrl: 'http://x' }).catch(code)).toBe(
      'address-invalid',
    );
  });
});
