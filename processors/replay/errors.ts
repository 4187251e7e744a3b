// What can be wrong with a request to replay.
export type ReplayErrorCode =
  | 'rules-invalid'
  | 'span-invalid'
  | 'venue-unknown'
  | 'session-exists'
  | 'processor-unknown'
  | 'part-failed';

/** An error with a stable `code`, a sentence that says what happened, and `remedy`: what to do. */
export class ReplayError extends Error {
  readonly code: ReplayErrorCode;
  readonly remedy: string;

  constructor(code: ReplayErrorCode, message: string, remedy: string, cause?: unknown) {
    super(`${message} (${remedy})`, cause === undefined ? {} : { cause });
    this.name = 'ReplayError';
    this.code = code;
    this.remedy = remedy;
  }
}
