// A whole recording through reader, frames and zone index, against a count taken from the file's text alone.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { createZoneIndex } from '#processors/density/zones.ts';
import { decodeTracks, encodeTracks } from '#streams/schema/tracks.ts';
import { readTrajectories, trackFrames, venueForRecording } from '#streams/sources/trajectories/index.ts';
import { recording } from './shared-data.ts';

const file = recording('grand_central', 'grand_central.csv.gz');

it.skipIf(!file)(
  'Grand Central: every zone holds in every frame as many persons as the file says',
  async () => {
    const trajectories = await readTrajectories(file!);
    const venue = venueForRecording(trajectories, { org: 'o', venue: 'v', source: 'cam', zones: 'grid 3x3' });
    const index = createZoneIndex(venue, 0);

    // Directly: the text's decimal numbers against the rectangles' corners, one comparison each.
    const boxes = venue.zones.map(({ area: { exterior: r } }) => ({
      left: r[0]!,
      bottom: r[1]!,
      right: r[4]!,
      top: r[5]!,
    }));
    const direct = new Map<number, number[]>();
    const rows = gunzipSync(await readFile(file!))
      .toString()
      .trimEnd()
      .split('\n')
      .slice(1);
    for (const row of rows) {
      const fields = row.split(',');
      const [frame, x, y] = [Number(fields[1]), Number(fields[4]), Number(fields[5])];
      const counts = direct.get(frame) ?? new Array<number>(boxes.length).fill(0);
      direct.set(frame, counts);
      const zone = boxes.findIndex((b) => b.left <= x && x < b.right && b.bottom <= y && y < b.top);
      counts[zone]!++;
    }
    expect([rows.length, direct.size]).toEqual([456_410, 5741]);

    // As the processor does: what is on the wire, by the index.
    const zones = new Int32Array(1000);
    let frames = 0;
    let persons = 0;
    const different: unknown[] = [];
    for (const sent of trackFrames(trajectories, { startMs: 0 })) {
      const frame = decodeTracks(encodeTracks(sent));
      const counts = new Uint32Array(index.zones.length);
      index.assign(frame.x, frame.y, frame.count, zones);
      index.addCounts(zones, frame.count, counts);
      const wanted = direct.get(frame.seq) ?? new Array<number>(boxes.length).fill(0);
      if (wanted.join() !== counts.join()) different.push([frame.seq, wanted, counts]);
      frames++;
      persons += counts.reduce((a, b) => a + b, 0);
    }
    expect(different).toEqual([]);
    expect([frames, persons]).toEqual([6001, 456_410]);
  },
);
