// What every verb that talks to a server needs: where the server is, and the venue's address.
import { InvalidArgumentError, Option } from 'commander';
import { isToken } from '#streams/subjects.ts';

export const DEFAULT_NATS_URL = 'nats://127.0.0.1:4222';

/** `--nats <url>`, from the environment's NATS_URL, else the server that `tidewatch up` starts. */
export function natsOption(): Option {
  return new Option('--nats <url>', 'the NATS server').env('NATS_URL').default(DEFAULT_NATS_URL);
}

export interface VenueAddress {
  readonly org: string;
  readonly venue: string;
}

/** Parses `organisation/venue` of an option or argument. */
export function parseVenueAddress(text: string): VenueAddress {
  const [org, venue, ...rest] = text.split('/');
  if (org === undefined || venue === undefined || rest.length > 0 || !isToken(org) || !isToken(venue)) {
    throw new InvalidArgumentError(
      'write organisation/venue, each of lower-case letters, digits and hyphens',
    );
  }
  return { org, venue };
}

/** Parses a whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`write a whole number from ${least} to ${most}`);
  };
}

/** Parses a speed: a positive factor of real time, or `max`, given as Infinity. */
export function parseSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('write a positive factor of real time, or max');
}
