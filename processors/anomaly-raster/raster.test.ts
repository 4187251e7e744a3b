// Unusual places of a venue from its rasters: schema, zones, unknown, order, restarts.
import { describe, expect, it } from 'vitest';
import { RASTER_UNIT, RASTER_UNKNOWN, RASTER_WALL } from '#models/anomaly/raster.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { RasterAnomalyMessage } from '#streams/schema/anomaly.ts';
import { CELL_UNKNOWN, CELL_WALL, encodeGrid, GRID_UNIT, type GridFrame } from '#streams/schema/grid.ts';
import type { ProgrammeMessage } from '#streams/schema/programme.ts';
import { kindOfSubject, programmeKind, rasterAnomalyKind } from '#streams/schema/registry.ts';
import { subjectMatches } from '#streams/topology.ts';
import { crowdedFrames, venueOfHall } from './fixtures/hall.ts';
import { rasterAnomalyPartition, rasterAnomalyProcessor } from './index.ts';

const venue = venueOfHall();
const frames = crowdedFrames();
const read = ({ payload }: Output): RasterAnomalyMessage => rasterAnomalyKind.codec.decode(payload);
const bytes = (outputs: readonly Output[]): string[] =>
  outputs.map((o) => `${o.subject} ${o.messageId} ${new TextDecoder().decode(o.payload)}`);

describe('unusual places of a venue', () => {
  const { decode } = rasterAnomalyProcessor(venue);
  const inputOf = (frame: GridFrame) => decode({ subject: 'grid.o.hall.b1', data: encodeGrid(frame) });
  const phases = (() => {
    const [first, middle] = [frames[0]!, frames[frames.length / 2]!];
    return [
      { phase: 'ingress' as const, fromMs: first.epochMs - 10_000, toMs: middle.epochMs },
      { phase: 'play' as const, fromMs: middle.epochMs, toMs: middle.epochMs + 3_600_000 },
    ];
  })();
  const inputs = frames.map(inputOf);
  const outputs = rasterAnomalyPartition(venue).onBatch(inputs);

  it('come once per level and ten seconds, under their schema and subject, with ids of their own', () => {
    const { outputs: filters, input } = rasterAnomalyProcessor(venue);
    expect(outputs).toHaveLength(frames.length / 2);
    for (const output of outputs) {
      expect(kindOfSubject(output.subject)).toMatchObject({ name: 'anom.raster' });
      expect(filters.some((filter) => subjectMatches(filter, output.subject))).toBe(true);
      expect(read(output)).toMatchObject({ metric: 'raster', key: 'b1', level: -1, hopMs: 10_000 });
    }
    expect(new Set(outputs.map(({ messageId }) => messageId)).size).toBe(outputs.length);
    expect(input).toEqual({ stream: 'GRID', filters: ['grid.o.hall.*', 'win.programme.o.hall.*'] });
  });

  it('name the zones that a crowd stands in, most of it first, and say why in a line', () => {
    const alarms = outputs.map(read).filter(({ alarm }) => alarm);
    expect(alarms.length).toBeGreaterThanOrEqual(1);
    const [place] = alarms[0]!.findings;
    expect(place!.kind).toBe('unexpected-crowd');
    // It stands over the border of two zones at x = 20, more of it to the east.
    expect(place!.zones).toEqual(['east', 'west']);
    expect(place!.reason).toMatch(/^unexpected crowd: \d+ persons where \d+ are usual/);
    expect(place!.since).toBe(alarms[0]!.end);
    expect(place!.speed).toBeNull();
  });

  it('are unknown when no camera sees the floor: no score, no persons, nothing found', () => {
    const dark = frames.map((frame, i) =>
      i < frames.length - 4 ? frame : { ...frame, cells: frame.cells.map(() => CELL_UNKNOWN) },
    );
    const last = rasterAnomalyPartition(venue).onBatch(dark.map(inputOf)).map(read).at(-1)!;
    expect(last).toMatchObject({
      state: 'unknown',
      score: null,
      persons: null,
      completeness: 0,
      alarm: false,
      findings: [],
    });
  });

  it('do not depend on how the rasters are cut into batches, nor on restarts between', () => {
    for (const size of [1, 7, 100]) {
      let partition = rasterAnomalyPartition(venue);
      const all: Output[] = [];
      for (let from = 0; from < frames.length; from += size) {
        all.push(...partition.onBatch(inputs.slice(from, from + size)));
        if (size === 1 && from % 90 !== 0) continue;
        const snapshot = partition.snapshot();
        partition = rasterAnomalyPartition(venue);
        partition.restore(snapshot);
        expect(Buffer.compare(partition.snapshot(), snapshot)).toBe(0);
      }
      expect(bytes(all)).toEqual(bytes(outputs));
    }
  });

  it('take the phase from the programme, and pass over corrections and what is late, counted', () => {
    const partition = rasterAnomalyPartition(venue, { programme: [{ event: 'final', phases }] });
    const noise = frames.flatMap((frame, i) => [
      frame,
      ...(i % 50 === 3 ? [{ ...frame, revision: 1 }, frame] : []),
    ]);
    const messages = partition.onBatch(noise.map(inputOf)).map(read);
    expect(new Set(messages.map(({ phase }) => phase))).toEqual(new Set(['ingress', 'play']));
    expect(messages).toHaveLength(outputs.length);
    expect(partition.figures!()).toMatchObject({
      revisions_ignored_total: noise.filter(({ revision }) => revision === 1).length,
      late_total: (noise.length - frames.length) / 2,
      resets_total: 0,
      keys: 2,
    });
    // A phase begins by learning, whatever is seen in it.
    const play = messages.filter(({ phase }) => phase === 'play');
    expect(play.slice(0, 30).every(({ state, alarm }) => state === 'learning' && !alarm)).toBe(true);
    expect(play.at(-1)!.state).toBe('watching');
  });

  it('take the programme from the stream as from the start, and keep it over a restart', () => {
    const told: ProgrammeMessage = {
      metric: 'programme',
      org: 'o',
      venue: 'hall',
      key: 'venue',
      epochMs: frames[0]!.epochMs,
      events: [{ event: 'final', title: 'Final', phases }],
    };
    const message = decode({
      subject: 'win.programme.o.hall.venue',
      data: programmeKind.codec.encode(told),
    });
    const known = rasterAnomalyPartition(venue, { programme: told.events }).onBatch(inputs);
    let partition = rasterAnomalyPartition(venue);
    const first = partition.onBatch([message, ...inputs.slice(0, 101)]);
    const snapshot = partition.snapshot();
    partition = rasterAnomalyPartition(venue);
    partition.restore(snapshot);
    expect(bytes([...first, ...partition.onBatch(inputs.slice(101))])).toEqual(bytes(known));
    expect(bytes(known)).not.toEqual(bytes(outputs));
  });

  it('are not made of rasters that cannot be read, or of a level that the venue does not have', () => {
    const data = encodeGrid(frames[0]!);
    const buffer = new Uint8Array([7, ...data, 7]);
    const input = decode({ subject: 'grid.o.hall.b1', data: buffer.subarray(1, buffer.length - 1) });
    buffer.fill(0);
    expect(input).toEqual({ level: -1, revision: 0, payload: data });
    expect(() => decode({ subject: 'grid.o.hall.b1', data: data.subarray(0, 60) })).toThrow(/grid frame/);
    expect(() => decode({ subject: 'grid.o.hall.7', data: encodeGrid({ ...frames[0]!, level: 7 }) })).toThrow(
      /level 7, which hall does not have/,
    );
  });

  it("read the wire's unit and marks", () => {
    expect([RASTER_UNIT, RASTER_UNKNOWN, RASTER_WALL]).toEqual([GRID_UNIT, CELL_UNKNOWN, CELL_WALL]);
  });
});
