// Every error the window engine throws: a stable code, what happened and what to do about it.

export type WindowErrorCode =
  | 'config-invalid'
  | 'frame-invalid'
  | 'key-unregistered'
  | 'value-out-of-range'
  | 'pane-overfull'
  | 'outputs-pending'
  | 'snapshot-refused'
  | 'operator-closed'
  | 'invariant-broken';

/** An error of the engine. Thrown before any state has changed, except `invariant-broken`, which is a defect of ours. */
export class WindowError extends Error {
  readonly code: WindowErrorCode;
  readonly remedy: string;

  constructor(code: WindowErrorCode, message: string, remedy: string) {
    super(`${message} (${remedy})`);
    this.name = 'WindowError';
    this.code = code;
    this.remedy = remedy;
  }
}

export function isWindowError(error: unknown, code?: WindowErrorCode): error is WindowError {
  return error instanceof WindowError && (code === undefined || error.code === code);
}
