// Thousands of generated streams: whatever the network does within the bounds, the output is the same byte for byte, and
// it is what the plain reference says.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configs, delayed, streams, transcript } from './generated.ts';
import { referenceWindows } from './reference.ts';

// Integers, because fc.double is uniform over bit patterns, not values.
const jitters = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 20, maxLength: 50 })
  .map((shares) => shares.map((share) => share / 1000));
const cuts = fc.array(fc.constantFrom(0, 0, 0, 1, 2), { maxLength: 12 });

/** One comparison of bytes; the line by line one is slow and only for the message. */
function expectSame(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected);
}

describe('within the disorder bound', () => {
  it('shuffled, duplicated, cut into any batches, restored anywhere: the output of sorted input', () => {
    fc.assert(
      fc.property(
        configs,
        streams(2000, 50),
        jitters,
        jitters,
        cuts,
        (config, stream, jitter, doubling, cut) => {
          const plain = transcript(config, stream, []);
          const twice = stream.flatMap((frame, i) =>
            doubling[i % doubling.length]! > 0.8 ? [frame, frame] : [frame],
          );
          const arrivals = delayed(twice, (i) => Math.floor(jitter[i % jitter.length]! * config.disorderMs));
          const disturbed = transcript(config, arrivals, cut);
          expectSame(disturbed, plain);
          expect(plain.late).toEqual([]);
          expect(plain.windows.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 800 },
    );
  });

  it('equals the reference', () => {
    fc.assert(
      fc.property(configs, streams(1500, 40), cuts, (config, stream, cut) => {
        const { windows, late } = transcript(config, stream, cut);
        expectSame({ windows, late }, referenceWindows(config, stream));
      }),
      { numRuns: 400 },
    );
  });
});

describe('late, idle and dead sources', () => {
  it('revisions and the late output equal the reference, in any batches, restored anywhere', () => {
    let revised = 0;
    let tooLate = 0;
    fc.assert(
      fc.property(configs, streams(1500, 90, 45), jitters, cuts, (config, stream, jitter, cut) => {
        // Clock frames keep to the bound; of the others some come up to 900 ms late, more than any lateness allowed.
        const arrivals = delayed(stream, (i) => {
          const share = jitter[i % jitter.length]!;
          if (stream[i]!.source === 3) return 0;
          return Math.floor(share > 0.75 ? (share - 0.75) * 3600 : share * config.disorderMs);
        });
        const { windows, late } = transcript(config, arrivals, cut);
        expectSame({ windows, late }, referenceWindows(config, arrivals));
        if (windows.some((line) => !line.includes('"revision":0'))) revised++;
        if (late.length > 0) tooLate++;
      }),
      { numRuns: 500 },
    );
    // The cases were not vacuous.
    expect(revised).toBeGreaterThan(100);
    expect(tooLate).toBeGreaterThan(100);
  });
});

describe('long silences', () => {
  it('with gaps, a start without a clock and lone sources: still the same for any batches and restores', () => {
    const stretches = fc.array(
      fc.record({
        stream: streams(1000, 20),
        clocked: fc.boolean(),
        pauseMs: fc.integer({ min: 0, max: 20_000 }),
      }),
      { minLength: 2, maxLength: 4 },
    );
    let gaps = 0;
    fc.assert(
      fc.property(configs, stretches, jitters, cuts, (base, parts, jitter, cut) => {
        const config = { ...base, gapMs: 2000 };
        let offset = 0;
        const stream = parts.flatMap(({ stream: part, clocked, pauseMs }) => {
          const shifted = part
            .filter(({ source }) => clocked || source !== 3)
            .map((frame) => ({ ...frame, epochMs: frame.epochMs + offset }));
          offset += 1000 + pauseMs;
          return shifted;
        });
        const arrivals = delayed(stream, (i) =>
          Math.floor(jitter[i % jitter.length]! * config.disorderMs * 2),
        );
        const plain = transcript(config, arrivals, []);
        expectSame(transcript(config, arrivals, cut), plain);
        if (plain.gaps.length > 0) gaps++;
      }),
      { numRuns: 400 },
    );
    expect(gaps).toBeGreaterThan(50);
  });
});
