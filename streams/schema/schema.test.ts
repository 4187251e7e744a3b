// Bytes on the wire: golden files that may not change without a new version, and generated abuse of every codec.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { headers } from '@nats-io/nats-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStreamsError } from '../errors.ts';
import { asyncApiDocument } from './asyncapi.ts';
import { cloudEventHeaders, parseCloudEvent } from './cloudevents.ts';
import { decodeGrid, encodeGrid } from './grid.ts';
import { eventType, gridKind, kindOfSubject, MESSAGE_KINDS } from './registry.ts';
import {
  decodeTracks,
  emptyTrackFrame,
  encodeTracks,
  MAX_COORDINATE_M,
  MAX_EPOCH_MS,
  TracksReader,
} from './tracks.ts';

const golden = (name: string, version: number) =>
  path.join(import.meta.dirname, 'golden', `${name}.v${version}.hex`);

/** A golden file is written once, when a kind or version is new and TIDEWATCH_GOLDEN=write is set. */
function goldenBytes(name: string, version: number, bytes: Uint8Array): Uint8Array {
  const file = golden(name, version);
  if (!existsSync(file) && process.env.TIDEWATCH_GOLDEN === 'write') {
    const lines =
      Buffer.from(bytes)
        .toString('hex')
        .match(/.{1,64}/g) ?? [];
    writeFileSync(file, `${lines.join('\n')}\n`);
  }
  return Buffer.from(readFileSync(file, 'utf8').replaceAll('\n', ''), 'hex');
}

describe('a tracks frame with exact positions', () => {
  const frame = emptyTrackFrame({ epochMs: 1_784_980_800_000, level: 0, seq: 3 }, 2);
  frame.ids.set([1, 2]);
  const exact = { x: Float64Array.of(0.1, -20.3), y: Float64Array.of(1 / 3, 1e-9) };
  frame.x.set(exact.x);
  frame.y.set(exact.y);
  const bytes = encodeTracks({ ...frame, exact });

  it('has the bytes of its golden file, and gives back every bit', () => {
    const stored = goldenBytes('obs.tracks-exact', 1, bytes);
    expect(Buffer.from(bytes).toString('hex')).toBe(Buffer.from(stored).toString('hex'));
    expect(decodeTracks(stored)).toEqual({ ...frame, exact });
    const reader = new TracksReader();
    reader.read(stored);
    expect([...reader.exactPositions()]).toEqual([...exact.x, ...exact.y]);
    expect([reader.flat[2], reader.flat[3]]).toEqual([...frame.x]);
  });

  it('is refused when the two disagree, when it is cut, and when the flag is missing', () => {
    const other = bytes.slice();
    new DataView(other.buffer).setFloat64(24 + 48, 0.1001, true);
    expect(() => decodeTracks(other)).toThrow(/exact position 0.1001 of person 0/);
    expect(() => new TracksReader().read(other)).toThrow(/exact position/);
    for (let length = 0; length < bytes.byteLength; length++)
      expect(refusal(() => decodeTracks(bytes.slice(0, length)))).toBeDefined();
    const plain = bytes.slice();
    plain[5] = 0;
    expect(() => decodeTracks(plain)).toThrow(/104 bytes, where 2 persons take 72/);
  });
});

describe.each(MESSAGE_KINDS.map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  const bytes = kind.exampleBytes();

  it('has the bytes of its golden file, and reads them as the example', () => {
    const stored = goldenBytes(kind.name, kind.version, bytes);
    expect(Buffer.from(bytes).toString('hex')).toBe(Buffer.from(stored).toString('hex'));
    expect(kind.decode(stored)).toEqual(kind.example);
  });

  it('reads at any byte offset, and keeps nothing of the buffer it was given', () => {
    for (let offset = 0; offset < 8; offset++) {
      const around = new Uint8Array(bytes.byteLength + 16).fill(0xee);
      around.set(bytes, offset);
      const value = kind.decode(around.subarray(offset, offset + bytes.byteLength));
      around.fill(0);
      expect(value).toEqual(kind.example);
    }
  });

  it('refuses every truncation with a typed error', () => {
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(refusal(() => kind.decode(bytes.slice(0, length)))).toBeDefined();
    }
  });

  it('survives random bytes and flipped bits: a value or a typed error, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        attempt(() => kind.decode(random));
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        attempt(() => kind.decode(damaged));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is found by its subject', () => {
    const subject = kind.address.replace('density{window}', 'density-60s').replace(/\{\w+\}/g, 'x');
    expect(kindOfSubject(subject).name).toBe(kind.name);
    expect(kindOfSubject(kind.address.replace('{window}', '').replace(/\{\w+\}/g, 'x')).name).toBe(kind.name);
  });
});

/** The StreamsError thrown; fails on any other outcome. */
function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    if (isStreamsError(error) && error.remedy !== '') return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** Throws what is neither a value nor a StreamsError. */
function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!isStreamsError(error)) throw error;
  }
}

const coordinate = fc.float({
  noNaN: true,
  min: Math.fround(-MAX_COORDINATE_M),
  max: Math.fround(MAX_COORDINATE_M),
});
const velocity = fc.oneof(fc.constant(Number.NaN), fc.float({ noNaN: true, min: -100, max: 100 }));
const confidence = fc.oneof(fc.constant(Number.NaN), fc.float({ noNaN: true, min: 0, max: 1 }));
const person = fc.tuple(
  fc.integer({ min: 0, max: 0xffffffff }),
  coordinate,
  coordinate,
  velocity,
  velocity,
  confidence,
);

describe('tracks frames', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(
        fc.array(person, { maxLength: 50 }),
        fc.integer({ min: 0, max: MAX_EPOCH_MS }),
        fc.integer({ min: -5, max: 200 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (persons, epochMs, level, seq) => {
          const frame = emptyTrackFrame({ epochMs, level, seq }, persons.length);
          persons.forEach(([id, x, y, vx, vy, sure], i) => {
            frame.ids[i] = id;
            frame.x[i] = x;
            frame.y[i] = y;
            frame.vx[i] = vx;
            frame.vy[i] = vy;
            frame.confidence[i] = sure;
          });
          expect(decodeTracks(encodeTracks(frame))).toEqual(frame);
        },
      ),
    );
  });

  it('of another version, with unknown flags or impossible values are refused, saying why', () => {
    const frame = emptyTrackFrame({ epochMs: 1, level: 0, seq: 0 }, 1);
    const damage = (change: (view: DataView) => void) => {
      const bytes = encodeTracks(frame);
      change(new DataView(bytes.buffer));
      return () => decodeTracks(bytes);
    };
    expect(damage((view) => view.setUint8(4, 2))).toThrow(/version 2 is not 1/);
    expect(damage((view) => view.setUint8(5, 0x80))).toThrow(/flags 0x80/);
    expect(damage((view) => view.setFloat64(16, Number.NaN, true))).toThrow(/event time NaN/);
    expect(damage((view) => view.setFloat64(16, 1.5, true))).toThrow(/event time 1.5/);
    expect(damage((view) => view.setUint32(8, 0xffffffff, true))).toThrow(/count 4294967295/);
    expect(damage((view) => view.setFloat32(28, Number.NaN, true))).toThrow(/person 0 is at/);
    expect(damage((view) => view.setFloat32(44, 1.5, true))).toThrow(/confidence 1.5/);
  });
});

describe('grid frames', () => {
  it('come back as they were sent, whatever the runs', () => {
    const cell = fc.oneof(fc.constantFrom(0, 0xffff, 0xfffe), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.infiniteStream(cell),
        (w, h, of) => {
          const cells = Uint16Array.from({ length: w * h }, () => of.next().value);
          const frame = { ...gridKind.example, width: w, height: h, cells };
          expect(decodeGrid(encodeGrid(frame))).toEqual(frame);
        },
      ),
    );
  });

  it('longer than one run come back too', () => {
    const cells = new Uint16Array(300 * 300).fill(7);
    for (let i = 0; i < 40_000; i++) cells[i] = i;
    const frame = { ...gridKind.example, width: 300, height: 300, cells };
    expect(decodeGrid(encodeGrid(frame))).toEqual(frame);
  });

  it('cannot make a large allocation with a short message', () => {
    const bytes = encodeGrid(gridKind.example);
    const view = new DataView(bytes.buffer);
    view.setUint16(8, 65_535, true);
    view.setUint16(10, 65_535, true);
    expect(() => decodeGrid(bytes)).toThrow(/65535 x 65535/);
    view.setUint16(8, 4_000, true);
    view.setUint16(10, 4_000, true);
    expect(() => decodeGrid(bytes)).toThrow(/cannot hold/);
  });
});

describe('CloudEvents', () => {
  const event = {
    id: 'a|b',
    source: '/o/v/s',
    type: 'tidewatch.obs.counts.v1',
    epochMs: 1_784_980_800_123,
    dataSchema: 'obs.counts',
  };
  const received = (change: Record<string, string> = {}) => {
    const out = headers();
    for (const [name, value] of Object.entries({ ...cloudEventHeaders(event), ...change })) {
      if (value !== '') out.set(name, value);
    }
    return out;
  };
  it('come back as they were sent', () => expect(parseCloudEvent(received())).toEqual(event));
  it.each([
    ['ce-specversion', '0.3'],
    ['ce-id', ''],
    ['ce-time', 'yesterday'],
    ['ce-type', ''],
  ])('with %s "%s" are refused', (name, value) => {
    expect(() => parseCloudEvent(received({ [name]: value }))).toThrow(
      expect.objectContaining({ code: 'payload-malformed' }),
    );
  });
});

describe('the AsyncAPI document', () => {
  const document = asyncApiDocument('1.2.3');
  it('describes every kind, and every reference in it leads somewhere', () => {
    expect(Object.keys(document.channels)).toHaveLength(MESSAGE_KINDS.length);
    const follow = (ref: string) =>
      ref
        .replace('#/', '')
        .split('/')
        .reduce<unknown>(
          (at, part) => (typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined),
          document,
        );
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"(#\/(?:channels|components)[^"]+)"/g)];
    expect(references.length).toBeGreaterThanOrEqual(3 * MESSAGE_KINDS.length);
    for (const [, ref] of references) expect(follow(ref!), ref).toBeDefined();
  });
  it('describes each parameter of each address, and no other', () => {
    for (const { address, parameters } of Object.values(document.channels)) {
      const named = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(Object.keys(parameters).sort()).toEqual(named.sort());
      for (const { description } of Object.values(parameters)) expect(description).not.toBe('');
    }
  });
  it('can be written as JSON and names the event types', () => {
    const written = JSON.stringify(document);
    for (const kind of MESSAGE_KINDS) expect(written).toContain(eventType(kind));
  });
});
