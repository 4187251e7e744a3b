// Reads the machine's apt sources (one-line .list and deb822 .sources) and derives from them the sources of a newer
// suite of the same archive: same mirror, same keyring, same options. Pure: text in, text out.
// Format: sources.list(5).

/**
 * One archive as apt sees it.
 * @typedef {object} AptSource
 * @property {string[]} uris
 * @property {string[]} suites
 * @property {string[]} components
 * @property {Record<string, string>} options deb822 field names (for example "Signed-By"), values as written;
 *   a multi-line value (an embedded key) keeps its line breaks
 */

const OPTION_FIELDS = {
  arch: 'Architectures',
  lang: 'Languages',
  target: 'Targets',
  'signed-by': 'Signed-By',
  trusted: 'Trusted',
  'check-valid-until': 'Check-Valid-Until',
  'check-date': 'Check-Date',
  'valid-until-min': 'Valid-Until-Min',
  'valid-until-max': 'Valid-Until-Max',
  'by-hash': 'By-Hash',
  pdiffs: 'PDiffs',
  'allow-insecure': 'Allow-Insecure',
  'allow-weak': 'Allow-Weak',
  'allow-downgrade-to-insecure': 'Allow-Downgrade-To-Insecure',
};

/**
 * One-line format: `deb [option=value ...] uri suite component ...`; deb-src and broken lines are left out.
 * @param {string} text
 * @returns {AptSource[]}
 */
export function parseOneLineSources(text) {
  const sources = [];
  for (const rawLine of text.split('\n')) {
    const line = rawLine.replace(/#.*$/, '').trim();
    const match = /^deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+\S+)*)$/.exec(line);
    if (!match) continue;
    const [, optionText, uri, suite, componentText] = match;
    /** @type {Record<string, string>} */
    const options = {};
    for (const pair of (optionText ?? '').trim().split(/\s+/)) {
      const equals = pair.indexOf('=');
      if (equals === -1) continue;
      const key = pair.slice(0, equals).replace(/[+-]$/, '').toLowerCase();
      const field = OPTION_FIELDS[/** @type {keyof typeof OPTION_FIELDS} */ (key)];
      if (field) options[field] = pair.slice(equals + 1).replaceAll(',', ' ');
    }
    sources.push({
      uris: [uri],
      suites: [suite],
      components: componentText.trim().split(/\s+/).filter(Boolean),
      options,
    });
  }
  return sources;
}

/**
 * deb822 format: stanzas of `Field: value` with continuation lines; comments anywhere; `Enabled: no` and pure
 * deb-src stanzas are left out.
 * @param {string} text
 * @returns {AptSource[]}
 */
export function parseDeb822Sources(text) {
  const sources = [];
  for (const stanza of text.replaceAll('\r\n', '\n').split(/\n(?:[ \t]*\n)+/)) {
    /** @type {Record<string, string>} */
    const fields = {};
    let current = '';
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      const field = /^([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*)$/.exec(line);
      if (field) {
        current = canonicalField(field[1]);
        fields[current] = field[2].trim();
      } else if (/^[ \t]+\S/.test(line) && current !== '') {
        fields[current] += `\n${line.trimEnd()}`;
      }
    }
    const {
      Types: types = '',
      URIs: uris = '',
      Suites: suites = '',
      Components: components = '',
      Enabled: enabled,
      ...options
    } = fields;
    if (!words(types).includes('deb') || /^(no|false|0|off)$/i.test(enabled ?? 'yes')) continue;
    if (words(uris).length === 0 || words(suites).length === 0) continue;
    sources.push({ uris: words(uris), suites: words(suites), components: words(components), options });
  }
  return sources;
}

/**
 * The machine's main archive: the first source that serves the running release itself from component `main`
 * (a security or update suite lives in another archive or has the same mirror; third parties use other suites).
 * @param {AptSource[]} sources
 * @param {string[]} ownSuites names of the running release, for example ["bookworm", "stable"]
 * @returns {AptSource | undefined}
 */
export function mainArchive(sources, ownSuites) {
  return sources.find(
    (source) =>
      source.components.includes('main') && source.suites.some((suite) => ownSuites.includes(suite)),
  );
}

/**
 * @param {AptSource} archive
 * @param {string} suite the suite wanted from the same archive
 * @returns {string} a deb822 .sources text for it
 */
export function sourcesTextFor(archive, suite) {
  const lines = ['Types: deb', `URIs: ${archive.uris.join(' ')}`, `Suites: ${suite}`, 'Components: main'];
  for (const [field, value] of Object.entries(archive.options)) {
    // Which indexes to fetch is ours to say; how to trust and reach the archive is the machine's.
    if (field === 'Languages' || field === 'Targets' || field === 'PDiffs') continue;
    lines.push(value.startsWith('\n') ? `${field}:${value}` : `${field}: ${value}`);
  }
  return `${lines.join('\n')}\n`;
}

/** @param {string} text */
function words(text) {
  return text.split(/\s+/).filter(Boolean);
}

/** @param {string} name */
function canonicalField(name) {
  const lower = name.toLowerCase();
  if (lower === 'uris') return 'URIs';
  return lower
    .replace(/(^|-)([a-z])/g, (_, dash, letter) => dash + letter.toUpperCase())
    .replace('Pdiffs', 'PDiffs');
}
