// Every error that crosses a boundary of streams/: typed by a stable code, with what to do about it.

export type StreamsErrorCode =
  | 'subject-invalid'
  | 'frame-malformed'
  | 'payload-malformed'
  | 'server-unreachable'
  | 'server-too-old'
  | 'stream-missing'
  | 'stream-differs'
  | 'stream-rewound'
  | 'publish-refused'
  | 'publish-timeout'
  | 'publish-too-large'
  | 'publisher-closed'
  | 'consume-failed'
  | 'consumer-taken'
  | 'checkpoint-refused'
  | 'checkpoint-conflict'
  | 'processor-failed'
  | 'venue-forgotten'
  | 'source-malformed'
  | 'source-unknown';

/** An error with a stable `code`, a sentence that says what happened, and `remedy`: what to do. */
export class StreamsError extends Error {
  readonly code: StreamsErrorCode;
  readonly remedy: string;

  constructor(code: StreamsErrorCode, message: string, remedy: string, cause?: unknown) {
    super(`${message} (${remedy})`, cause === undefined ? {} : { cause });
    this.name = 'StreamsError';
    this.code = code;
    this.remedy = remedy;
  }
}

/** True for a StreamsError, of one code where given. */
export function isStreamsError(error: unknown, code?: StreamsErrorCode): error is StreamsError {
  return error instanceof StreamsError && (code === undefined || error.code === code);
}

/** The sentence of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
