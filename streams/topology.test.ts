import { describe, expect, it } from 'vitest';
import { differencesOf } from './apply.ts';
import { versionAtLeast } from './connect.ts';
import { STREAM, streamOfSubject, subjectMatches, topology } from './topology.ts';

describe('the table of streams', () => {
  it('stores every subject of the design in exactly one stream', () => {
    const subjects: Record<string, string> = {
      'obs.tracks.o.v.s': STREAM.tracks,
      'obs.counts.o.v.s': STREAM.events,
      'obs.access.o.v.s': STREAM.events,
      'obs.fence.o.v.s': STREAM.events,
      'obs.business.o.v.s': STREAM.events,
      'obs.health.o.v.s': STREAM.events,
      'obs.faces.o.v.s': STREAM.faces,
      'win.density.o.v.z': STREAM.derived,
      'match.faces.o.v.z': STREAM.derived,
      'anom.count.o.v.z': STREAM.derived,
      'fcst.count.o.v.z': STREAM.derived,
      'late.density.o.v.s': STREAM.derived,
      'grid.o.v.0': STREAM.grid,
      'fused.o.v.0': STREAM.fused,
      'fused.o.v.tick': STREAM.fused,
      'fused.o.v.clock': STREAM.fused,
      'warn.o.v.z': STREAM.ledger,
      'incident.o.v.1': STREAM.ledger,
      'plan.o.v.1': STREAM.ledger,
      'task.o.v.1': STREAM.ledger,
      'audit.o.v': STREAM.ledger,
      'bad.tracks.o.v.s': STREAM.quarantine,
      'replay.session.win.density.o.v.z': STREAM.replay,
    };
    for (const [subject, stream] of Object.entries(subjects)) {
      const holders = topology().filter(({ config }) =>
        config.subjects.some((f) => subjectMatches(f, subject)),
      );
      expect(holders.map(({ config }) => config.name)).toEqual([stream]);
      expect(streamOfSubject(subject)).toBe(stream);
    }
    expect(streamOfSubject('other.o.v')).toBeUndefined();
  });

  it('shrinks limits in proportion to fit, and never touches the ledger', () => {
    const small = topology({ storageBytes: 2 ** 30, replicas: 3 });
    const sum = small.reduce((total, { config }) => total + Math.max(0, config.max_bytes), 0);
    expect(sum).toBeLessThanOrEqual(2 ** 30 + 3 * 16 * 2 ** 20);
    for (const { config } of small) {
      expect(config.num_replicas).toBe(3);
      if (config.name === STREAM.ledger) expect(config.max_bytes).toBe(-1);
      else expect(config.max_bytes).toBeGreaterThanOrEqual(16 * 2 ** 20);
    }
  });
});

describe('differences', () => {
  const wanted = topology()[0]!.config;
  it('is empty for equal configurations, whatever the server leaves out or reorders', () => {
    expect(differencesOf({ ...wanted, subjects: [...wanted.subjects].reverse() }, wanted)).toEqual([]);
    const { deny_delete: _, ...without } = wanted;
    expect(differencesOf(without, wanted)).toEqual([]);
  });
  it('names the field with both values', () => {
    expect(differencesOf({ ...wanted, max_age: 7 }, wanted)).toEqual([
      { field: 'max_age', server: 7, wanted: wanted.max_age },
    ]);
  });
});

it('compares versions by number, and takes an unreadable one for too old', () => {
  expect(versionAtLeast('2.11.0', '2.11.0')).toBe(true);
  expect(versionAtLeast('2.9.10', '2.11.0')).toBe(false);
  expect(versionAtLeast('2.15.1-beta', '2.11.0')).toBe(true);
  expect(versionAtLeast('dev', '2.11.0')).toBe(false);
});
