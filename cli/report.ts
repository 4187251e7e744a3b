// How a command tells a person what went wrong: one line that says what happened and what to do, with the
// causes below it; the stack only on request.

/** One line per error of the cause chain; with the stack when TIDEWATCH_DEBUG is set. */
export function describeError(error: unknown): string {
  if (process.env.TIDEWATCH_DEBUG !== undefined && error instanceof Error && error.stack !== undefined) {
    return error.stack;
  }
  const lines: string[] = [];
  for (
    let at: unknown = error;
    at !== undefined && lines.length < 5;
    at = at instanceof Error ? at.cause : undefined
  ) {
    const text = at instanceof Error ? at.message : String(at);
    lines.push(lines.length === 0 ? `tidewatch: ${text}` : `  because: ${text}`);
  }
  return lines.join('\n');
}
