// Compares dotted versions such as "2.15.1" or nats-server's own "v2.15.0-dev"; a pre-release ranks below its release.

/**
 * @param {string} text a version, or a line that contains one ("nats-server: v2.12.3")
 * @returns {{ numbers: number[], preRelease: string } | undefined} undefined when there is no version in it
 */
export function parseVersion(text) {
  const match = /(?:^|[^\d.])(\d+)\.(\d+)(?:\.(\d+))?(?:-([0-9A-Za-z][0-9A-Za-z.-]*))?/.exec(text);
  if (!match) return undefined;
  const [, major, minor, patch, preRelease] = match;
  return { numbers: [Number(major), Number(minor), Number(patch ?? 0)], preRelease: preRelease ?? '' };
}

/**
 * @param {string} a
 * @param {string} b
 * @returns {number} negative when a is older than b, 0 when equal, positive when newer
 * @throws {TypeError} when either holds no version
 */
export function compareVersions(a, b) {
  const left = parseVersion(a);
  const right = parseVersion(b);
  if (!left) throw new TypeError(`"${a}" is not a version`);
  if (!right) throw new TypeError(`"${b}" is not a version`);
  for (let i = 0; i < 3; i++) {
    const difference = left.numbers[i] - right.numbers[i];
    if (difference !== 0) return difference;
  }
  if (left.preRelease === right.preRelease) return 0;
  if (left.preRelease === '') return 1;
  if (right.preRelease === '') return -1;
  return left.preRelease < right.preRelease ? -1 : 1;
}

/**
 * The upstream part of a Debian version: "1:2.15.1-1+b2" is 2.15.1.
 * @param {string} debianVersion
 */
export function upstreamVersion(debianVersion) {
  const withoutEpoch = debianVersion.replace(/^\d+:/, '');
  const revisionAt = withoutEpoch.lastIndexOf('-');
  const upstream = revisionAt === -1 ? withoutEpoch : withoutEpoch.slice(0, revisionAt);
  // "2.15.1+ds" and "2.15.1~rc1" carry packaging marks; "~" is a pre-release in Debian's order.
  return upstream.replace(/[+].*$/, '').replace('~', '-');
}
