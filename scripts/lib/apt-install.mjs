// Installs Debian packages on the machine, as root or with a sudo that asks nothing.
import { aptErrors, onPath, run } from './processes.mjs';
import { SetupError } from './say.mjs';

/**
 * @param {readonly string[]} packages
 * @param {(line: string) => void} tell
 * @throws {SetupError} with the command to run by hand
 */
export async function aptInstall(packages, tell) {
  const byHand = `sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`;
  if (!onPath('apt-get')) {
    throw new SetupError(
      'this machine has no apt-get',
      `install ${packages.join(', ')} with its package manager`,
    );
  }
  const prefix = await rootPrefix();
  if (!prefix)
    throw new SetupError('installing packages needs root, and there is no sudo without a password', byHand);

  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  // Another program may be installing: apt waits for its lock instead of failing.
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2'];
  tell('apt-get update');
  const updated = await run(prefix.command, [...prefix.args, 'apt-get', ...options, 'update'], {
    env,
    timeoutMs: 300_000,
  });
  if (updated.status !== 0) tell(`apt-get update failed, its old lists are used: ${aptErrors(updated)}`);
  tell(`apt-get install ${packages.join(' ')} (may take a minute)`);
  const installed = await run(
    prefix.command,
    [...prefix.args, 'apt-get', ...options, 'install', '-y', '--no-install-recommends', ...packages],
    { env, timeoutMs: 900_000 },
  );
  if (installed.status !== 0) throw new SetupError(`apt-get install failed: ${aptErrors(installed)}`, byHand);
}

/** @returns {Promise<{ command: string, args: string[] } | undefined>} */
async function rootPrefix() {
  // `env` is a program that does nothing but run the next one.
  if (process.getuid?.() === 0) return { command: 'env', args: [] };
  if (!onPath('sudo')) return undefined;
  const outcome = await run('sudo', ['-n', 'true'], { timeoutMs: 10_000 });
  return outcome.status === 0
    ? { command: 'sudo', args: ['-n', 'DEBIAN_FRONTEND=noninteractive'] }
    : undefined;
}
