// A real browser for end-to-end tests: the machine's Chromium, headless, drawing in software on one pinned back-end,
// so that what is drawn is the same on every machine.
import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../scripts/chromium.mjs';

/**
 * Chromium's flags for drawing without a GPU: ANGLE on Mesa's EGL (llvmpipe), which needs a fraction of the CPU time
 * of Chromium's own software drawing.
 */
export const DRAWING_FLAGS: readonly string[] = [
  '--use-gl=angle',
  '--use-angle=gl-egl',
  '--ignore-gpu-blocklist',
  '--disable-accelerated-2d-canvas',
];

/** No browser could be started; the message ends with the line that mends it. */
export class BrowserError extends Error {
  override readonly name = 'BrowserError';
}

/**
 * Starts Chromium. Call close() afterwards; it also ends with this process.
 * @param extraFlags further command-line flags
 * @throws BrowserError
 */
export async function startBrowser(extraFlags: readonly string[] = []): Promise<Browser> {
  let executablePath: string;
  try {
    executablePath = (await findChromium({ install: false, tell: () => undefined })).path;
  } catch (error) {
    const mend = error instanceof Error && 'mend' in error ? `\nTo mend it: ${error.mend}` : '';
    throw new BrowserError(`${error instanceof Error ? error.message : error}${mend}`, { cause: error });
  }
  try {
    return await chromium.launch({
      executablePath,
      headless: true,
      // Chromium refuses its sandbox to root; the tests open only pages of this project, on loopback.
      chromiumSandbox: process.getuid?.() !== 0,
      args: [...DRAWING_FLAGS, ...extraFlags],
      env: environment(),
    });
  } catch (error) {
    throw new BrowserError(
      `Chromium at ${executablePath} did not start: ${error instanceof Error ? error.message : error}` +
        '\nTo mend it: node scripts/chromium.mjs',
      { cause: error },
    );
  }
}

/** Runs `use` with a browser and closes it afterwards. */
export async function withBrowser<T>(use: (browser: Browser) => Promise<T>): Promise<T> {
  const browser = await startBrowser();
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

/** Software drawing is asked for by name, so that a machine with a GPU draws the same picture. */
function environment(): Record<string, string> {
  const own = Object.entries(process.env).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value]],
  );
  return { ...Object.fromEntries(own), LIBGL_ALWAYS_SOFTWARE: '1', GALLIUM_DRIVER: 'llvmpipe' };
}
