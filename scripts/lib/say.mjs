// What the set-up scripts tell people: one line per step, and one line that mends a failure.
// Everything goes to stderr, so that a script's result (a path, a count) can be piped from stdout.

/**
 * A failure with the one line that mends it.
 */
export class SetupError extends Error {
  /**
   * @param {string} message what went wrong
   * @param {string} mend the one line (a command or an action) that mends it
   * @param {unknown} [cause]
   */
  constructor(message, mend, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SetupError';
    this.mend = mend;
  }
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`tidewatch: ${line}\n`);
}

/** Says nothing: for callers that only want the result. */
export function silent() {
  return undefined;
}

/**
 * Runs a script's main function; a SetupError ends the process with its message and its mending line, status 1.
 * @param {() => Promise<void>} main
 */
export function runScript(main) {
  main().catch((error) => {
    if (error instanceof SetupError) {
      say(`failed: ${error.message}`);
      say(`to mend it: ${error.mend}`);
    } else {
      say(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    process.exitCode = 1;
  });
}
