// What the scores are made of, all from the stream of results and so always read in the same order: density of the zones,
// flow over gates and exits, and the programme of the venue's events.
import type { Venue } from '#models/venue/index.ts';
import type { RawMessage } from '#streams/consume.ts';
import { StreamsError } from '#streams/errors.ts';
import type { ProgrammeMessage } from '#streams/schema/programme.ts';
import { densityKind, flowKind, programmeKind } from '#streams/schema/registry.ts';
import type { DensityWindow, FlowWindow } from '#streams/schema/window.ts';

export type AnomalyInput = DensityWindow | FlowWindow | ProgrammeMessage;

/** Subjects of a venue: windows of 5 s, every second, and the programme. */
export function anomalyFilters({ org, id }: Pick<Venue, 'org' | 'id'>): readonly string[] {
  return ['density', 'flow', 'programme'].map((metric) => `win.${metric}.${org}.${id}.*`);
}

/** @throws StreamsError `payload-malformed`, or `subject-invalid` for another subject */
export function decodeAnomalyInput({ subject, data }: RawMessage): AnomalyInput {
  const metric = subject.split('.')[1];
  if (metric === 'density') return densityKind.codec.decode(data);
  if (metric === 'flow') return flowKind.codec.decode(data);
  if (metric === 'programme') return programmeKind.codec.decode(data);
  throw new StreamsError(
    'subject-invalid',
    `"${subject}" is no density, flow or programme`,
    'correct the filter',
  );
}

/** Lines that are watched: where a venue fills and empties. */
export function watchedLines(venue: Venue): readonly string[] {
  return [...venue.gates, ...venue.exits].map(({ id }) => id);
}

export const DIRECTIONS = ['in', 'out'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Key of a line in one direction. */
export const lineKey = (line: string, direction: Direction): string => `${line}.${direction}`;

/**
 * A flow window as the two series it holds, persons per minute, in the shape that slots are collected from; none for a
 * line that is not watched.
 */
export function flowSeries(window: FlowWindow): DensityWindow[] {
  const { flow, start, end, hopMs, revision, completeness, silent, org, venue, level } = window;
  return DIRECTIONS.map((direction) => {
    const perMinute = flow === null ? null : 60 * flow[direction];
    return {
      metric: 'density',
      org,
      venue,
      key: lineKey(window.key, direction),
      level,
      start,
      end,
      hopMs,
      revision,
      completeness,
      silent,
      count: perMinute === null ? null : { mean: perMinute, max: perMinute },
      density: null,
      speed: null,
      levelOfService: null,
      samples: 0,
      ticks: 0,
    };
  });
}
