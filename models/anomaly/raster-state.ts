// The parts of a raster detector's snapshot: columns of numbers, then a line of JSON, each behind its length. The line comes
// last because its length changes: what is before stays in its place, and a checkpoint writes again only what changed.
import { AnomalyInputError } from './index.ts';

export function joinParts(head: unknown, parts: readonly Uint8Array[]): Uint8Array {
  const all = [...parts, new TextEncoder().encode(JSON.stringify(head))];
  const joined = new Uint8Array(all.reduce((sum, { byteLength }) => sum + 4 + byteLength, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const part of all) {
    view.setUint32(at, part.byteLength, true);
    joined.set(part, at + 4);
    at += 4 + part.byteLength;
  }
  return joined;
}

/** @throws AnomalyInputError when the bytes are not parts before a head */
export function splitParts(bytes: Uint8Array): { readonly head: unknown; readonly parts: Uint8Array[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.byteLength) {
    const length = view.getUint32(at, true);
    if (at + 4 + length > bytes.byteLength) break;
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const text = parts.pop();
  if (text === undefined || at !== bytes.byteLength) throw notOurs();
  try {
    const head: unknown = JSON.parse(new TextDecoder().decode(text));
    return { head, parts };
  } catch (cause) {
    throw Object.assign(notOurs(), { cause });
  }
}

export function notOurs(): AnomalyInputError {
  return new AnomalyInputError('not a raster detector snapshot of this layout; start a new detector');
}
