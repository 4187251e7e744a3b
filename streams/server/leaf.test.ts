// Configuration of a site's and a centre's server: what is written, and what is refused.
import { describe, expect, it } from 'vitest';
import { ServerOptionsError } from './errors.ts';
import { leafJetStreamLines, leafLines } from './leaf.ts';

const uplink = {
  urls: ['nats-leaf://10.0.0.1:7422'],
  denyExports: ['obs.tracks.>'],
  denyImports: ['$KV.VENUES.>'],
};

describe('configuration of a leaf', () => {
  it('a centre listens and tells no addresses; a site dials and denies', () => {
    const centre = leafLines({ domain: 'centre', port: 7422 }).join('\n');
    expect(centre).toContain('listen: "127.0.0.1:7422"');
    expect(centre).toContain('no_advertise: true');
    expect(centre).not.toContain('remotes');
    const site = leafLines({
      domain: 'site-a',
      uplink: { ...uplink, credentialsFile: '/etc/site.creds' },
    }).join('\n');
    expect(site).toContain('urls: ["nats-leaf://10.0.0.1:7422"]');
    expect(site).toContain('deny_exports: ["obs.tracks.>"]');
    expect(site).toContain('deny_imports: ["$KV.VENUES.>"]');
    expect(site).toContain('credentials: "/etc/site.creds"');
    expect(site).not.toContain('listen');
    expect(leafJetStreamLines({ domain: 'site-a' })).toEqual(['  domain: "site-a"']);
    expect(leafLines({ domain: 'alone' }).join()).not.toContain('leafnodes');
  });

  it.each(['', 'a b', 'a.b', 'A', 'x'.repeat(65), 'a"\n}'])('domain %j is refused', (domain) => {
    expect(() => leafJetStreamLines({ domain })).toThrow(ServerOptionsError);
  });

  it.each([0, -1, 1.5, 70_000])('port %j is refused', (port) => {
    expect(() => leafLines({ domain: 'centre', port })).toThrow(ServerOptionsError);
  });

  it('an uplink to nowhere is refused', () => {
    expect(() => leafLines({ domain: 'a', uplink: { ...uplink, urls: [] } })).toThrow(/urls is empty/);
  });

  it('nothing breaks out of its quotes', () => {
    expect(() => leafLines({ domain: 'a', uplink: { ...uplink, urls: ['x"]\n}'] } })).toThrow(
      ServerOptionsError,
    );
    expect(leafLines({ domain: 'a', uplink: { ...uplink, urls: ['x"]'] } }).join('\n')).toContain(
      '["x\\"]"]',
    );
  });
});
