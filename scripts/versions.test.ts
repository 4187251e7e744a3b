// Versions are compared number by number, and a pre-release is older than its release.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion, upstreamVersion } from './lib/versions.mjs';
import { judge } from './nats-server.mjs';

describe('versions', () => {
  it('orders as numbers, not as text', () => {
    const ordered = [
      '2.9.25',
      '2.10.0',
      '2.11.0-RC.1',
      '2.11.0',
      '2.11.3',
      '2.12.0-dev',
      '2.12.0',
      '2.15.1',
      '10.0.0',
    ];
    for (let i = 0; i < ordered.length; i++) {
      for (let j = 0; j < ordered.length; j++) {
        expect(Math.sign(compareVersions(ordered[i], ordered[j]))).toBe(Math.sign(i - j));
      }
    }
  });

  it('reads them out of what programs print, and refuses what holds none', () => {
    expect(parseVersion('nats-server: v2.15.1\n')).toEqual({ numbers: [2, 15, 1], preRelease: '' });
    expect(parseVersion('v20.20.2')).toEqual({ numbers: [20, 20, 2], preRelease: '' });
    expect(parseVersion('nats-server: v2.12.0-preview.2')).toEqual({
      numbers: [2, 12, 0],
      preRelease: 'preview.2',
    });
    expect(parseVersion('2.12')).toEqual({ numbers: [2, 12, 0], preRelease: '' });
    expect(parseVersion('no version at all')).toBeUndefined();
    expect(() => compareVersions('what', '1.0')).toThrow(TypeError);
  });

  it('is a total order on numbers', () => {
    const version = fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40));
    fc.assert(
      fc.property(version, version, (a, b) => {
        const expected = a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
        expect(Math.sign(compareVersions(a.join('.'), b.join('.')))).toBe(Math.sign(expected));
      }),
    );
  });

  it('takes the upstream part of a Debian version', () => {
    expect(upstreamVersion('2.15.1-1')).toBe('2.15.1');
    expect(upstreamVersion('1:2.15.1-1~bpo13+1')).toBe('2.15.1');
    expect(upstreamVersion('2.12.0~rc1-2')).toBe('2.12.0-rc1');
    expect(upstreamVersion('2.10.27+ds-1+b2')).toBe('2.10.27');
  });

  it('refuses servers before 2.11, takes 2.11 at need, and prefers 2.12', () => {
    expect(judge('2.9.25')).toBe('too old');
    expect(judge('2.10.29')).toBe('too old');
    expect(judge('2.11.0-RC.1')).toBe('too old');
    expect(judge('2.11.0')).toBe('usable');
    expect(judge('2.12.0')).toBe('good');
    expect(judge(undefined)).toBe('unknown');
  });
});
