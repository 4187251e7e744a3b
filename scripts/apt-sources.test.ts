// apt's two source formats, as sources.list(5) describes them, and what is derived from them for a newer suite.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mainArchive, parseDeb822Sources, parseOneLineSources, sourcesTextFor } from './lib/apt-sources.mjs';

describe('the one-line format', () => {
  it('reads options, components and trailing comments, and leaves source packages and broken lines out', () => {
    const text = [
      '# a comment',
      'deb http://mirror.example/debian bookworm main contrib # and why',
      'deb-src http://mirror.example/debian bookworm main',
      'deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/a.gpg,/usr/share/keyrings/b.gpg] https://b.example/x stable main',
      '  deb\t[ trusted=yes ]\tfile:/srv/mirror\tsid\tmain',
      'deb http://flat.example/ ./',
      'deb http://no.suite',
      '#deb http://off.example/debian bookworm main',
    ].join('\n');
    expect(parseOneLineSources(text)).toEqual([
      {
        uris: ['http://mirror.example/debian'],
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        options: {},
      },
      {
        uris: ['https://b.example/x'],
        suites: ['stable'],
        components: ['main'],
        options: {
          Architectures: 'amd64 arm64',
          'Signed-By': '/usr/share/keyrings/a.gpg /usr/share/keyrings/b.gpg',
        },
      },
      { uris: ['file:/srv/mirror'], suites: ['sid'], components: ['main'], options: { Trusted: 'yes' } },
      { uris: ['http://flat.example/'], suites: ['./'], components: [], options: {} },
    ]);
  });
});

describe('the deb822 format', () => {
  it('reads stanzas with comments, several values and folded lines, in any case', () => {
    const text = `# head
Types: deb deb-src
# a comment inside
URIs: http://a.example/debian http://b.example/debian
suites: bookworm
 bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.example/
Suites: bookworm
Components: main
Enabled: no

Types: deb-src
URIs: http://src.example/
Suites: bookworm
Components: main
`;
    expect(parseDeb822Sources(text)).toEqual([
      {
        uris: ['http://a.example/debian', 'http://b.example/debian'],
        suites: ['bookworm', 'bookworm-updates'],
        components: ['main'],
        options: { 'Signed-By': '/usr/share/keyrings/debian-archive-keyring.gpg' },
      },
    ]);
  });

  it('keeps a key that is written into the stanza, and writes it back as it was', () => {
    const key =
      'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEZ\n -----END PGP PUBLIC KEY BLOCK-----';
    const [source] = parseDeb822Sources(
      `Types: deb\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main\n${key}\n`,
    );
    expect(sourcesTextFor(source, 'forky')).toBe(
      `Types: deb\nURIs: http://a.example/debian\nSuites: forky\nComponents: main\n${key}\n`,
    );
  });

  it('reads Windows line ends and files without a last line end', () => {
    const text =
      'Types: deb\r\nURIs: http://a.example\r\nSuites: sid\r\nComponents: main\r\n\r\nTypes: deb\r\nURIs: http://b.example\r\nSuites: sid\r\nComponents: main';
    expect(parseDeb822Sources(text).map((source) => source.uris)).toEqual([
      ['http://a.example'],
      ['http://b.example'],
    ]);
  });
});

describe('what is derived', () => {
  const debian = {
    uris: ['http://m.example/debian'],
    suites: ['bookworm', 'bookworm-updates'],
    components: ['main'],
    options: {},
  };
  const security = { ...debian, uris: ['http://m.example/debian-security'], suites: ['bookworm-security'] };
  const vendor = {
    ...debian,
    uris: ['https://vendor.example/apt'],
    suites: ['bookworm'],
    components: ['stable'],
  };

  it('picks the archive of the release itself, not security updates or a vendor', () => {
    expect(mainArchive([security, vendor, debian], ['bookworm', 'stable'])).toBe(debian);
    expect(mainArchive([security, vendor], ['bookworm', 'stable'])).toBeUndefined();
  });

  it('keeps mirror, keyring and trust of the machine, and changes the suite alone', () => {
    fc.assert(
      fc.property(
        fc.webUrl(),
        fc.constantFrom('forky', 'sid', 'trixie-backports'),
        fc.option(fc.stringMatching(/^\/[a-z/.-]{1,30}$/), { nil: undefined }),
        (uri, suite, keyring) => {
          const options = keyring === undefined ? {} : { 'Signed-By': keyring };
          const archive = { uris: [uri], suites: ['bookworm'], components: ['main', 'contrib'], options };
          const [back, ...others] = parseDeb822Sources(sourcesTextFor(archive, suite));
          expect(others).toEqual([]);
          expect(back).toEqual({ uris: [uri], suites: [suite], components: ['main'], options });
        },
      ),
    );
  });

  it('gives the same source from both formats', () => {
    const oneLine = parseOneLineSources('deb [signed-by=/k.gpg] http://m.example/debian bookworm main');
    const deb822 = parseDeb822Sources(
      'Types: deb\nURIs: http://m.example/debian\nSuites: bookworm\nComponents: main\nSigned-By: /k.gpg\n',
    );
    expect(oneLine).toEqual(deb822);
  });
});
