// The envelope of a checkpoint: magic, version, the configuration's fingerprint, the state, a checksum.
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from './bytes.ts';
import { WindowError } from './errors.ts';
import type { Column, WindowFrame } from './types.ts';

const MAGIC = 0x57535754; // "TWSW" read as a little-endian u32
/** Raised with every change of what follows; an older one needs a migration here or is refused by name. */
export const SNAPSHOT_VERSION = 1;

export function sealSnapshot(fingerprint: string, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(MAGIC);
  writer.u8(SNAPSHOT_VERSION);
  writer.string(fingerprint);
  write(writer);
  const body = writer.bytes();
  const sealed = new Uint8Array(body.length + 4);
  sealed.set(body);
  new DataView(sealed.buffer).setUint32(body.length, crc32(body), true);
  return sealed;
}

/** @throws WindowError `snapshot-refused` */
export function openSnapshot(bytes: Uint8Array, fingerprint: string): ByteReader {
  if (bytes.length < 9) throw refused(`${bytes.length} bytes are no checkpoint`);
  const body = bytes.subarray(0, bytes.length - 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw refused('the bytes do not begin with the magic TWSW');
  // Before the checksum, so that a checkpoint of another version is named as such.
  if (bytes[4] !== SNAPSHOT_VERSION) throw refused(`version ${bytes[4]} is not ${SNAPSHOT_VERSION}`);
  if (view.getUint32(body.length, true) !== crc32(body))
    throw refused('the checksum differs: the bytes are damaged');
  const reader = new ByteReader(body);
  reader.u32();
  reader.u8();
  if (reader.string() !== fingerprint) throw refused('it was taken under another window configuration');
  return reader;
}

export function writeFrame(writer: ByteWriter, frame: WindowFrame): void {
  writer.uint(frame.source);
  writer.uint(frame.epochMs);
  writer.int(frame.seq ?? -1);
  writer.uint(frame.n);
  writer.ints(frame.keys, 0, frame.n);
  for (const column of frame.columns) {
    writer.u8(column instanceof Float32Array ? 4 : 8);
    for (let i = 0; i < frame.n; i++) writer.f64(column[i]!);
  }
}

export function readFrame(reader: ByteReader, columnCount: number): WindowFrame {
  const source = reader.uint();
  const epochMs = reader.uint();
  const seq = reader.int();
  const n = reader.uint();
  const keys = new Int32Array(n);
  reader.ints(keys, 0, n);
  const columns: Column[] = [];
  for (let c = 0; c < columnCount; c++) {
    const column = reader.u8() === 4 ? new Float32Array(n) : new Float64Array(n);
    for (let i = 0; i < n; i++) column[i] = reader.f64();
    columns.push(column);
  }
  return { source, epochMs, n, keys, columns, ...(seq < 0 ? {} : { seq }) };
}

function refused(message: string): WindowError {
  return new WindowError(
    'snapshot-refused',
    `checkpoint: ${message}`,
    'restore a checkpoint of this version and configuration, or replay the input from the beginning',
  );
}
