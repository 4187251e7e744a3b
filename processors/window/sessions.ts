// Sessions: stretches in which a key keeps being seen, closed by a gap. Dwell (how long a track stays in a zone) and
// loitering (still there after a limit) are sessions of the key (zone, track). Pure, like the window operator.
//
// Samples may come in any order down to the watermark: a late one within the bound extends a session or joins two. A
// session is final when the watermark has passed its last sample by the gap, for no sample still allowed can extend it.
import { ByteReader, ByteWriter } from './bytes.ts';
import { WindowError } from './errors.ts';

export interface SessionConfig {
  /** Silence that ends a session, ms of event time. Two samples exactly gapMs apart belong together. */
  readonly gapMs: number;
  /**
   * A session that reaches this duration is reported once (loitering), ms; absent: never. The report comes when the
   * watermark is a gap further, for only then no order of arrival can change it.
   */
  readonly reportAfterMs?: number;
  /** Sessions kept open at most, all keys together; the number bounds memory. Default 1,000,000. */
  readonly maxOpen?: number;
}

export interface Session {
  /** The caller's key, an integer in [0, 2^53). */
  readonly key: number;
  /** Event times of the first and last sample, epoch ms; the duration is their difference. */
  readonly startMs: number;
  readonly endMs: number;
  readonly samples: number;
}

/** A session that went on for reportAfterMs. */
export interface LastingSession {
  readonly key: number;
  readonly startMs: number;
  /** startMs + reportAfterMs. */
  readonly atMs: number;
}

export interface SessionOutput {
  /** Final sessions, by (endMs, key). */
  readonly closed: readonly Session[];
  /** Sessions now known to have lasted reportAfterMs, by (atMs, key); at the latest with their end. */
  readonly lasting: readonly LastingSession[];
}

interface Open {
  startMs: number;
  endMs: number;
  samples: number;
  reported: boolean;
}

const MAGIC = 0x53535754; // "TWSS" read as a little-endian u32
const VERSION = 1;
const DEFAULT_MAX_OPEN = 1_000_000;

export class SessionOperator {
  readonly config: SessionConfig;
  /** Per key the open sessions, ascending and more than a gap apart. Mostly one. */
  readonly #open = new Map<number, Open[]>();
  #count = 0;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #late = 0;

  constructor(config: SessionConfig) {
    const { gapMs, reportAfterMs, maxOpen } = config;
    for (const [name, value] of Object.entries({ gapMs, reportAfterMs, maxOpen })) {
      if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
        throw new WindowError('config-invalid', `${name} is ${value}`, 'give a positive whole number');
      }
    }
    this.config = config;
  }

  /** Sessions open now. */
  get open(): number {
    return this.#count;
  }

  /** Samples that came after the watermark had passed them: refused and counted. */
  get late(): number {
    return this.#late;
  }

  /**
   * One sample of `key` at `epochMs`. Adding the same sample twice counts it twice: duplicates are the caller's to drop,
   * frame by frame, as the window operator does. False when it is late.
   * @throws WindowError `frame-invalid`; `pane-overfull` when maxOpen sessions are open
   */
  add(key: number, epochMs: number): boolean {
    if (!Number.isSafeInteger(key) || key < 0 || !Number.isSafeInteger(epochMs) || epochMs < 0) {
      throw new WindowError('frame-invalid', `sample of key ${key} at ${epochMs}`, 'quarantine the message');
    }
    if (epochMs < this.#watermarkMs) {
      this.#late++;
      return false;
    }
    const sessions = this.#open.get(key);
    if (sessions === undefined) {
      this.#room();
      this.#open.set(key, [{ startMs: epochMs, endMs: epochMs, samples: 1, reported: false }]);
      this.#count++;
      return true;
    }
    this.#join(sessions, epochMs);
    return true;
  }

  #room(): void {
    const maxOpen = this.config.maxOpen ?? DEFAULT_MAX_OPEN;
    if (this.#count < maxOpen) return;
    throw new WindowError('pane-overfull', `${maxOpen} sessions are open`, 'raise maxOpen or shorten gapMs');
  }

  #join(sessions: Open[], epochMs: number): void {
    const { gapMs } = this.config;
    // The first session that does not end too early for the sample to reach it.
    let i = 0;
    while (i < sessions.length && sessions[i]!.endMs + gapMs < epochMs) i++;
    const session = sessions[i];
    if (session === undefined || session.startMs - gapMs > epochMs) {
      this.#room();
      sessions.splice(i, 0, { startMs: epochMs, endMs: epochMs, samples: 1, reported: false });
      this.#count++;
      return;
    }
    session.startMs = Math.min(session.startMs, epochMs);
    session.endMs = Math.max(session.endMs, epochMs);
    session.samples++;
    const next = sessions[i + 1];
    if (next !== undefined && next.startMs - gapMs <= session.endMs) {
      session.endMs = next.endMs;
      session.samples += next.samples;
      session.reported ||= next.reported;
      sessions.splice(i + 1, 1);
      this.#count--;
    }
  }

  /** Moves the watermark and returns what has become certain. A watermark that does not rise returns nothing. */
  advance(watermarkMs: number): SessionOutput {
    if (!(watermarkMs > this.#watermarkMs)) return { closed: [], lasting: [] };
    const { gapMs, reportAfterMs = Number.POSITIVE_INFINITY } = this.config;
    this.#watermarkMs = watermarkMs;
    const closed: Session[] = [];
    const lasting: LastingSession[] = [];
    for (const [key, sessions] of this.#open) {
      for (const session of sessions) {
        const { startMs, endMs, samples } = session;
        const atMs = startMs + reportAfterMs;
        // Every sample up to a gap after that moment is known now, so whether the session goes on to it is certain.
        if (!session.reported && endMs >= atMs && atMs + gapMs < watermarkMs) {
          session.reported = true;
          lasting.push({ key, startMs, atMs });
        }
        if (endMs + gapMs < watermarkMs) closed.push({ key, startMs, endMs, samples });
      }
      const still = sessions.filter(({ endMs }) => endMs + gapMs >= watermarkMs);
      this.#count -= sessions.length - still.length;
      if (still.length === 0) this.#open.delete(key);
      else if (still.length < sessions.length) this.#open.set(key, still);
    }
    closed.sort((a, b) => a.endMs - b.endMs || a.key - b.key);
    lasting.sort((a, b) => a.atMs - b.atMs || a.key - b.key);
    return { closed, lasting };
  }

  /** The whole state as bytes: equal states give equal bytes. */
  snapshot(): Uint8Array {
    const writer = new ByteWriter();
    writer.u32(MAGIC);
    writer.u8(VERSION);
    writer.string(JSON.stringify(this.config));
    writer.f64(this.#watermarkMs);
    writer.uint(this.#late);
    writer.uint(this.#open.size);
    for (const [key, sessions] of [...this.#open].sort(([a], [b]) => a - b)) {
      writer.uint(key);
      writer.uint(sessions.length);
      for (const { startMs, endMs, samples, reported } of sessions) {
        writer.uint(startMs);
        writer.uint(endMs - startMs);
        writer.uint(samples);
        writer.u8(reported ? 1 : 0);
      }
    }
    return writer.bytes();
  }

  /** @throws WindowError `snapshot-refused` for damaged bytes, another version or another configuration */
  static restore(config: SessionConfig, bytes: Uint8Array): SessionOperator {
    const operator = new SessionOperator(config);
    const reader = new ByteReader(bytes);
    if (reader.u32() !== MAGIC) throw refused('the bytes do not begin with the magic TWSS');
    const version = reader.u8();
    if (version !== VERSION) throw refused(`version ${version} is not ${VERSION}`);
    if (reader.string() !== JSON.stringify(config)) throw refused('it was taken under another configuration');
    operator.#watermarkMs = reader.f64();
    operator.#late = reader.uint();
    for (let keys = reader.uint(); keys > 0; keys--) {
      const key = reader.uint();
      const sessions: Open[] = [];
      for (let left = reader.uint(); left > 0; left--) {
        const startMs = reader.uint();
        const endMs = startMs + reader.uint();
        sessions.push({ startMs, endMs, samples: reader.uint(), reported: reader.u8() === 1 });
      }
      operator.#count += sessions.length;
      operator.#open.set(key, sessions);
    }
    if (!reader.done) throw refused('bytes are left over');
    return operator;
  }
}

function refused(message: string): WindowError {
  return new WindowError(
    'snapshot-refused',
    `session checkpoint: ${message}`,
    'restore another checkpoint or replay',
  );
}
