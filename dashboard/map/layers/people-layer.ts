// Persons as dots from one binary column of positions: no object per person.
import { ScatterplotLayer } from '@deck.gl/layers';
import type { GeoAnchor } from '#models/venue/types.ts';
import type { People } from '../../feed/messages.ts';
import { placement } from '../local-frame.ts';

/** A new `people` object each update tells deck.gl to upload the column; radius about that of a person. */
export function peopleLayer(anchor: GeoAnchor, people: People): ScatterplotLayer {
  return new ScatterplotLayer({
    ...placement(anchor),
    id: 'people',
    data: { length: people.count, attributes: { getPosition: { value: people.positions, size: 2 } } },
    getRadius: 0.22,
    radiusMinPixels: 1.1,
    radiusMaxPixels: 6,
    getFillColor: [236, 242, 255, 215],
    antialiasing: false,
  });
}
