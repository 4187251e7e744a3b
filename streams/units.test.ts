import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamsError } from './errors.ts';
import { MetricsRegistry } from './metrics.ts';
import { isTransient, patiently } from './patience.ts';
import { nanosecondsOf } from './position.ts';
import { AckReader } from './puback.ts';
import { BAD_HEADER, MAX_KEPT_BYTES, quarantineMessage, quarantineSubject } from './quarantine.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('publish acknowledgements', () => {
  it('are read as JSON.parse would, for any stream, sequence and flag', () => {
    const reader = new AckReader();
    fc.assert(
      fc.property(
        fc.constantFrom('DERIVED', 'DERIVED2', 'D', 'seq', 'true'),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.boolean(),
        fc.boolean(),
        (stream, seq, duplicate, domain) => {
          const ack = {
            stream,
            ...(domain ? { domain: 'hub' } : {}),
            seq,
            ...(duplicate ? { duplicate } : {}),
          };
          expect(reader.read(bytes(JSON.stringify(ack)))).toEqual({ stream, seq, duplicate });
        },
      ),
    );
  });
  it('that tell of an error are errors, and so is what cannot be read', () => {
    const reader = new AckReader();
    const error = { code: 503, err_code: 10077, description: 'maximum messages exceeded' };
    expect(reader.read(bytes(JSON.stringify({ error, stream: 'S', seq: 0 })))).toEqual({
      error: { code: 503, errCode: 10077, description: 'maximum messages exceeded' },
    });
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('"seq":'));
        expect(reader.read(bytes(text))).toHaveProperty('error');
      }),
    );
  });
});

describe('quarantine', () => {
  const bad = {
    subject: 'obs.tracks.org.venue.cam',
    payload: Uint8Array.of(1, 2, 3),
    error: new StreamsError('frame-malformed', 'too short', 'send more'),
    by: 'density',
    receivedMs: 0,
    from: { stream: 'OBS_TRACKS', seq: 42 },
  };
  it('keeps the bytes, the reason and the place', () => {
    expect(quarantineMessage(bad)).toEqual({
      subject: 'bad.tracks.org.venue.cam',
      payload: Uint8Array.of(1, 2, 3),
      messageId: 'bad:density:OBS_TRACKS:42',
      headers: {
        [BAD_HEADER.code]: 'frame-malformed',
        [BAD_HEADER.reason]: 'too short (send more)',
        [BAD_HEADER.subject]: 'obs.tracks.org.venue.cam',
        [BAD_HEADER.stream]: 'OBS_TRACKS',
        [BAD_HEADER.seq]: '42',
        [BAD_HEADER.time]: '1970-01-01T00:00:00.000Z',
        [BAD_HEADER.by]: 'density',
      },
    });
  });
  it('copies the bytes', () => {
    const payload = Uint8Array.of(7);
    const kept = quarantineMessage({ ...bad, payload });
    payload[0] = 0;
    expect(kept.payload).toEqual(Uint8Array.of(7));
  });
  it('has a valid subject and one-line headers for any input whatever', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), (subject, reason) => {
        const kept = quarantineMessage({ ...bad, subject, error: new Error(reason) });
        expect(kept.subject).toMatch(/^bad\.(unknown|[a-z0-9-]+(\.[a-z0-9-]+){3})$/);
        for (const value of Object.values(kept.headers!)) expect(value).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
    expect(quarantineSubject('obs.tracks.ORG.venue.cam')).toBe('bad.unknown');
    expect(quarantineSubject('obs.tracks.org.venue')).toBe('bad.unknown');
  });
  it('keeps only the beginning of what is too large, and says so', () => {
    const kept = quarantineMessage({ ...bad, payload: new Uint8Array(MAX_KEPT_BYTES + 1) });
    expect(kept.payload.byteLength).toBe(MAX_KEPT_BYTES);
    expect(kept.headers![BAD_HEADER.truncatedFrom]).toBe(String(MAX_KEPT_BYTES + 1));
  });
});

describe('metrics', () => {
  it('are written in the Prometheus text format', () => {
    const registry = new MetricsRegistry();
    registry.counter('frames_total', 'Frames', { source: 'a"b\\c\n' }).add(3);
    registry.gauge('lag', 'Lag').set(2.5);
    const histogram = registry.histogram('took_seconds', 'Time', {}, [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value);
    expect(registry.text()).toBe(
      [
        '# HELP frames_total Frames',
        '# TYPE frames_total counter',
        'frames_total{source="a\\"b\\\\c\\n"} 3',
        '# HELP lag Lag',
        '# TYPE lag gauge',
        'lag 2.5',
        '# HELP took_seconds Time',
        '# TYPE took_seconds histogram',
        'took_seconds_bucket{le="0.1"} 2',
        'took_seconds_bucket{le="1"} 3',
        'took_seconds_bucket{le="+Inf"} 4',
        'took_seconds_sum 7.65',
        'took_seconds_count 4',
        '',
      ].join('\n'),
    );
  });
  it('give the same series for the same name and labels, and refuse misuse', () => {
    const registry = new MetricsRegistry();
    registry.counter('a_total', 'A', { x: '1', y: '2' }).add();
    expect(registry.counter('a_total', 'A', { y: '2', x: '1' }).value).toBe(1);
    expect(() => registry.gauge('a_total', 'A')).toThrow(TypeError);
    expect(() => registry.counter('a-b', 'A')).toThrow(TypeError);
    expect(() => registry.counter('b_total', 'B').add(-1)).toThrow(RangeError);
  });
});

describe('patience', () => {
  const transient = Object.assign(new Error('away'), { name: 'TimeoutError' });
  it('tries again until it succeeds', async () => {
    let left = 2;
    expect(await patiently('it', async () => (left-- > 0 ? Promise.reject(transient) : 'done'))).toBe('done');
  });
  it('passes on what is definite at once, and gives up at its limit', async () => {
    const definite = new StreamsError('stream-missing', 'no', 'yes');
    await expect(patiently('it', () => Promise.reject(definite))).rejects.toBe(definite);
    await expect(patiently('it', () => Promise.reject(transient), 120)).rejects.toMatchObject({
      code: 'server-unreachable',
      cause: transient,
    });
  });
  it('sees through the error of a reader to its cause', () => {
    expect(isTransient(new StreamsError('consume-failed', 'x', 'y', transient))).toBe(true);
    expect(isTransient(new StreamsError('consume-failed', 'x', 'y', new Error('z')))).toBe(false);
  });
});

it('reads times to the nanosecond', () => {
  expect(nanosecondsOf('2026-07-25T12:00:00.123456789Z')).toBe('1784980800123456789');
  expect(nanosecondsOf('2026-07-25T12:00:00.1Z')).toBe('1784980800100000000');
  expect(nanosecondsOf('2026-07-25T14:00:00+02:00')).toBe('1784980800000000000');
  expect(() => nanosecondsOf('now')).toThrow(expect.objectContaining({ code: 'consume-failed' }));
});
