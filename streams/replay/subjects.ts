// Where a replay's results go: `replay.<session>.<original subject>`. The original subject is kept whole behind the prefix,
// so that whoever reads live results reads a session by adding two tokens to its filters.
import { StreamsError } from '../errors.ts';
import { token } from '../subjects.ts';

const PREFIX = 'replay';

/** `replay.<session>.<subject>`. @throws StreamsError `subject-invalid` when the session's name is no token */
export function replaySubject(session: string, subject: string): string {
  return `${PREFIX}.${token(session, 'session')}.${subject}`;
}

/** Everything of a session, or what of it lies under `filter`, a filter of live subjects. */
export function replayFilter(session: string, filter = '>'): string {
  return `${PREFIX}.${token(session, 'session')}.${filter}`;
}

/** Session and original subject; throws `subject-invalid` for a subject that is not a replay's. */
export function parseReplaySubject(subject: string): { readonly session: string; readonly subject: string } {
  const [prefix, session, ...rest] = subject.split('.');
  if (prefix === PREFIX && session !== undefined && session !== '' && rest.length > 0) {
    return { session, subject: rest.join('.') };
  }
  throw new StreamsError(
    'subject-invalid',
    `"${subject}" is not the subject of a replay`,
    'read replay.<session>.<original subject>',
  );
}
