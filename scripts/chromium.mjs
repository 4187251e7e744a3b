#!/usr/bin/env node
// Finds a Chromium for the browser tests, or installs Debian's, and says what it tries:
//   CHROMIUM_PATH, chromium / chromium-browser / google-chrome on PATH, apt-get install. `--path` prints only the path.
// Software drawing (no GPU) needs Mesa's EGL and its llvmpipe driver, and Chinese labels need a font that has them.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { aptInstall } from './lib/apt-install.mjs';
import { isExecutable, onPath, run } from './lib/processes.mjs';
import { runScript, SetupError, say } from './lib/say.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Debian's names for what a headless Chromium draws this project's pages with. */
export const PACKAGES = ['chromium', 'fonts-noto-cjk', 'libegl1', 'libgl1', 'libgl1-mesa-dri', 'libgles2'];
const MEND = `sudo apt-get update && sudo apt-get install -y ${PACKAGES.join(' ')}`;

/**
 * @typedef {{ path: string, version: string }} Chromium
 * @param {{ tell?: (line: string) => void, env?: NodeJS.ProcessEnv, install?: boolean }} [options]
 *   install: false looks only at what is already on the machine
 * @returns {Promise<Chromium>}
 * @throws {SetupError} with the line that mends it
 */
export async function findChromium(options = {}) {
  const env = options.env ?? process.env;
  const tell = options.tell ?? say;
  if (env.CHROMIUM_PATH) {
    const named = await asChromium(env.CHROMIUM_PATH);
    if (!named) {
      throw new SetupError(
        `CHROMIUM_PATH=${env.CHROMIUM_PATH} is not a Chromium that runs here`,
        `set CHROMIUM_PATH to one that does, or unset it and run: ${MEND}`,
      );
    }
    tell(`Chromium: ${named.version}, named by CHROMIUM_PATH`);
    return named;
  }
  const present = await onMachine();
  if (present && options.install === false) return present;
  if (present) {
    tell(`Chromium: ${present.version} at ${present.path}`);
    await completeForDrawing(tell);
    return present;
  }
  if (options.install === false) throw new SetupError('there is no Chromium on PATH', MEND);
  tell('Chromium: none on PATH; installing it from Debian');
  await aptInstall(PACKAGES, (line) => tell(`Chromium: ${line}`));
  const installed = await onMachine();
  if (!installed) throw new SetupError('Chromium was installed but does not run', 'chromium --version');
  tell(`Chromium: ${installed.version} installed`);
  return installed;
}

async function onMachine() {
  for (const name of NAMES) {
    const file = onPath(name);
    const found = file && (await asChromium(file));
    if (found) return found;
  }
  return undefined;
}

/**
 * @param {string} file
 * @returns {Promise<Chromium | undefined>} undefined when it does not run
 */
async function asChromium(file) {
  if (!isExecutable(file)) return undefined;
  const outcome = await run(file, ['--version'], { timeoutMs: 30_000 });
  const version = /(\d+(?:\.\d+){2,})/.exec(outcome.stdout)?.[1];
  return outcome.status === 0 && version ? { path: file, version } : undefined;
}

/**
 * A Chromium that was already there may lack the libraries for software drawing or the Chinese font.
 * Not being able to add them is told, not fatal: with a GPU, or other fonts, the tests pass without.
 * @param {(line: string) => void} tell
 */
async function completeForDrawing(tell) {
  if (!onPath('dpkg-query')) return;
  const missing = [];
  for (const name of PACKAGES.filter((name) => name !== 'chromium')) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query expands it
    const outcome = await run('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { timeoutMs: 30_000 });
    if (outcome.stdout !== 'installed') missing.push(name);
  }
  if (missing.length === 0) return;
  try {
    await aptInstall(missing, (line) => tell(`Chromium: ${line}`));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    tell(
      `Chromium: drawing without a GPU or Chinese labels may fail without ${missing.join(', ')}: ${error.message}`,
    );
    tell(`Chromium: to mend it: ${error.mend}`);
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  runScript(async () => {
    const found = await findChromium();
    process.stdout.write(
      process.argv.includes('--path') ? `${found.path}\n` : `${found.version} ${found.path}\n`,
    );
  });
}
