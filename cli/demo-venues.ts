// Stores the demonstration venues that a server does not have yet. A venue somebody has changed stays as it is.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NatsConnection } from '@nats-io/nats-core';
import { type Organisation, parseOrganisations, parseVenue } from '#models/venue/index.ts';
import { VenueStore } from '#streams/venues.ts';

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'venues');

/** The organisations of the demonstration: a city bureau and its subordinate units. */
export function demoOrganisations(): readonly Organisation[] {
  return parseOrganisations(readFileSync(path.join(FOLDER, 'organisations.json'), 'utf8'));
}

export async function storeDemoVenues(nc: NatsConnection, tell: (line: string) => void): Promise<void> {
  const store = await VenueStore.open(nc);
  for (const file of readdirSync(FOLDER).sort()) {
    if (!file.endsWith('.geojson')) continue;
    const document = readFileSync(path.join(FOLDER, file), 'utf8');
    const venue = parseVenue(document);
    const created = await store.create({ org: venue.org, venue: venue.id }, document);
    if (created)
      tell(`stored ${venue.org}/${venue.id}, ${venue.zones.length} zones, ${venue.cameras.length} cameras`);
  }
}
