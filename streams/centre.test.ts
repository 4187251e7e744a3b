// What a centre declares, and what a site's link refuses, against the table itself.
import { describe, expect, it } from 'vitest';
import { differencesOf } from './apply.ts';
import { centreTopology, siteLink } from './centre.ts';
import { isStreamsError } from './errors.ts';
import { MESSAGE_KINDS } from './schema/registry.ts';
import { STREAM, subjectMatches, topology } from './topology.ts';

describe('the streams of a centre', () => {
  const declared = centreTopology(['site-a', 'site-b'], { rasterSites: ['site-b'], replicas: 3 });
  const named = (name: string) => declared.find(({ config }) => config.name === name)?.config;

  it('has results from every site and by no subject, rasters of those asked for, and the ledger with its own entries', () => {
    const apis = (name: string) => named(name)?.sources?.map((source) => [source.name, source.external?.api]);
    expect(apis(STREAM.derived)).toEqual([
      [STREAM.derived, '$JS.site-a.API'],
      [STREAM.derived, '$JS.site-b.API'],
    ]);
    expect(named(STREAM.derived)?.subjects).toEqual([]);
    expect(apis(STREAM.grid)).toEqual([[STREAM.grid, '$JS.site-b.API']]);
    expect(apis(STREAM.ledger)).toHaveLength(2);
    expect(named(STREAM.ledger)?.subjects).toContain('warn.>');
    expect(named(STREAM.ledger)?.republish).toBeUndefined();
    expect(apis('KV_VENUES')).toHaveLength(2);
    expect(named(STREAM.derived)?.num_replicas).toBe(3);
  });

  it('has no stream of tracks, faces or other observations', () => {
    for (const { config } of declared)
      for (const subject of config.subjects) expect(subject).not.toMatch(/^(obs|fused)\./);
    expect(named(STREAM.tracks)).toBeUndefined();
    expect(centreTopology(['site-a']).some(({ config }) => config.name === STREAM.grid)).toBe(false);
  });

  it('is the same whatever the order in which the server names its sources', () => {
    const config = named(STREAM.derived)!;
    expect(differencesOf({ ...config, sources: [...config.sources!].reverse() }, config)).toEqual([]);
    const { subjects: _, ...without } = config;
    expect(differencesOf(without, config)).toEqual([]);
    const [first] = config.sources!;
    expect(differencesOf({ ...config, sources: [first!] }, config)).toHaveLength(1);
  });

  it.each([
    [[], []],
    [['site-a', 'site-a'], []],
    [['site a'], []],
    [['site-a'], ['site-b']],
    [['site-a'], ['site-a', 'site-a']],
  ])('of sites %j with rasters of %j is refused', (sites, rasterSites) => {
    expect(() => centreTopology(sites, { rasterSites })).toThrow(
      expect.toSatisfy((error) => isStreamsError(error, 'subject-invalid')),
    );
  });
});

it('no message of any kind crosses the link by its own subject, either way', () => {
  const { denyExports, denyImports } = siteLink();
  for (const { address, name } of MESSAGE_KINDS) {
    const subject = address.replace(/\{window\}/, '').replace(/\{\w+\}/g, 'x');
    for (const denied of [denyExports, denyImports])
      expect(
        denied.some((filter) => subjectMatches(filter, subject)),
        name,
      ).toBe(true);
  }
  expect(denyExports).toEqual(topology().flatMap(({ config }) => config.subjects));
  // Sourcing and its questions pass.
  for (const subject of ['$JS.site-a.API.STREAM.INFO.DERIVED', '$JS.S.abc', '_INBOX.x'])
    expect(denyExports.some((filter) => subjectMatches(filter, subject))).toBe(false);
});
