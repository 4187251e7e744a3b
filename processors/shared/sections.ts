// Several snapshots as one: each behind its length.

export function joinSections(sections: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(sections.reduce((sum, { byteLength }) => sum + 4 + byteLength, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const section of sections) {
    view.setUint32(at, section.byteLength, true);
    joined.set(section, at + 4);
    at += 4 + section.byteLength;
  }
  return joined;
}

/** @throws Error when `bytes` does not hold exactly `count` sections */
export function splitSections(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sections: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.byteLength) {
    const length = view.getUint32(at, true);
    sections.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  if (sections.length !== count || at !== bytes.byteLength) {
    throw new Error(
      `a snapshot of ${count} sections was expected; this one is damaged or of another version`,
    );
  }
  return sections;
}
