// What a processor of sliding windows over tracks declares: a result outside of it would end its runner.
import { expect, it } from 'vitest';
import { dwellProcessor, dwellWindows } from '#processors/dwell/index.ts';
import { flowProcessor, flowWindows } from '#processors/flow/index.ts';
import { pressureProcessor, pressureWindows } from '#processors/pressure/index.ts';
import { subjectMatches } from '#streams/topology.ts';
import { smallVenue } from './fixtures/small-venue.ts';

const venue = smallVenue();

it.each([
  { processor: flowProcessor(venue), windows: flowWindows(venue.tickMs) },
  { processor: pressureProcessor(venue), windows: pressureWindows(venue.tickMs) },
  { processor: dwellProcessor(venue), windows: dwellWindows(venue.tickMs) },
])(
  "$processor.name declares its windows, its late frames and no other processor's",
  ({ processor, windows }) => {
    const covers = (subject: string): boolean =>
      processor.outputs.some((filter) => subjectMatches(filter, subject));
    const at = `${venue.org}.${venue.id}`;
    for (const { metric } of windows) expect(covers(`win.${metric}.${at}.a`), metric).toBe(true);
    expect(covers(`late.${processor.name}.${at}.camera`)).toBe(true);
    expect(covers(`late.density.${at}.camera`)).toBe(false);
    expect(covers(`win.density.${at}.a`)).toBe(false);
    expect(processor.input).toEqual({ stream: 'OBS_TRACKS', filters: [`obs.tracks.${at}.*`] });
  },
);
