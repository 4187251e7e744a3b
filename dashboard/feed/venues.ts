// The venues that can be shown: watched in their key-value bucket, so that a new version appears without a reload.
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { parseVenue } from '#models/venue/parse.ts';
import type { Venue } from '#models/venue/types.ts';
import { BUCKET } from '#streams/topology.ts';

const RETRY_MS = 3000;

export interface VenueWatch {
  /** All venues that parse, by `<org>.<venue>`; called again after each change. */
  onVenues(venues: ReadonlyMap<string, Venue>): void;
  /** The venues that do not parse, with the reason, one a line; empty: all do. */
  onInvalid(detail: string): void;
  /** The bucket cannot be read; empty detail: it can now. */
  onUnavailable(detail: string): void;
}

/** Watches until the connection closes. Never throws: a bucket that is not there yet is asked for again. */
export async function watchVenues(nc: NatsConnection, watch: VenueWatch): Promise<void> {
  while (!nc.isClosed()) {
    try {
      await watchOnce(nc, watch);
    } catch (error) {
      if (nc.isClosed()) return;
      watch.onUnavailable(error instanceof Error ? error.message : String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function watchOnce(nc: NatsConnection, watch: VenueWatch): Promise<void> {
  const kv = await new Kvm(nc).open(BUCKET.venues);
  const entries = await kv.watch();
  const venues = new Map<string, Venue>();
  const invalid = new Map<string, string>();
  watch.onUnavailable('');
  for await (const entry of entries) {
    if (entry.operation === 'PUT') {
      try {
        const venue = parseVenue(entry.string());
        if (`${venue.org}.${venue.id}` !== entry.key) {
          throw new Error(`the document is of venue ${venue.org}.${venue.id}; store it under that key`);
        }
        venues.set(entry.key, venue);
        invalid.delete(entry.key);
      } catch (error) {
        // An older good version stays on the wall: a plan with a typing mistake must not blank a running event.
        invalid.set(entry.key, error instanceof Error ? error.message : String(error));
      }
    } else {
      venues.delete(entry.key);
      invalid.delete(entry.key);
    }
    watch.onInvalid([...invalid].map(([key, why]) => `${key}: ${why}`).join('\n'));
    // The first answer is complete when nothing more is pending.
    if (entry.isUpdate || entry.delta === 0) watch.onVenues(venues);
  }
}
