// Persons as dots from one binary column of positions: no object per person.
import { ScatterplotLayer } from '@deck.gl/layers';
import type { GeoAnchor } from '#models/venue/types.ts';
import type { People } from '../../feed/messages.ts';
import { placement } from '../local-frame.ts';

/**
 * A new `people` object each update tells deck.gl to upload the column; the radius is about that of a person. Seen from
 * afar the dots fade, or twenty thousand of them would hide the density below.
 */
export function peopleLayer(anchor: GeoAnchor, people: People, pixelsPerMetre: number): ScatterplotLayer {
  return new ScatterplotLayer({
    ...placement(anchor),
    id: 'people',
    data: { length: people.count, attributes: { getPosition: { value: people.positions, size: 2 } } },
    getRadius: 0.22,
    radiusMinPixels: 0.6,
    radiusMaxPixels: 6,
    getFillColor: [236, 242, 255],
    opacity: Math.min(0.9, Math.max(0.14, 0.12 + pixelsPerMetre * 0.045)),
    antialiasing: false,
  });
}
