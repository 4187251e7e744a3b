// What density says when nobody looks: every message is of its schema, unknown is null and not zero.
import { expect, it } from 'vitest';
import { densityKind } from '#streams/schema/registry.ts';
import { framesOf, messagesOf, runOut, smallVenue, straight } from '../shared/fixtures/small-venue.ts';
import { densityPartition } from './index.ts';

it('a dead camera: windows of its zone are of the schema, with null figures and no samples', () => {
  const venue = smallVenue();
  const walkers = [straight(1, { x: 3, y: 3, vx: 0, vy: 0 })];
  const partition = densityPartition(venue);
  const outputs = partition.onBatch([...framesOf(venue, walkers, 6), ...runOut(venue, 6)]);
  for (const key of ['west', 'east']) {
    const windows = messagesOf(outputs, `win.density-now.o.small.${key}`, densityKind.codec.decode);
    expect(windows.at(-1)).toMatchObject({ count: null, density: null, speed: null, samples: 0, ticks: 0 });
    expect(windows[2]).toMatchObject({ count: { mean: key === 'west' ? 1 : 0 }, ticks: 1 });
  }
});
