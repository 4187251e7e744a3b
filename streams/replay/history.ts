// Where in the stream of tracks a venue's event time begins. JetStream knows when a message arrived; an evening that was
// loaded in a minute, or a camera that caught up after a cut link, arrived at quite another time than it shows. So the
// place is searched by event time, and always found early rather than late.
import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { isStreamsError, messageOf, StreamsError } from '../errors.ts';
import { nanosecondsOf, type StreamPosition } from '../position.ts';
import { decodeTracks } from '../schema/tracks.ts';
import { CLOCK_SOURCE, observationSubject } from '../subjects.ts';
import { STREAM } from '../topology.ts';

/** Messages whose middle time stands for a place where no clock is: one camera with a wrong clock cannot mislead it. */
const VOICES = 9;
/** Unreadable frames passed over at one place. */
const MOST_UNREADABLE = 1_000;

export interface HistoryStart {
  /** Read everything behind it. */
  readonly after: StreamPosition;
  /** Event time from which history is complete, UTC epoch ms: -Infinity when the stream has forgotten nothing. */
  readonly completeFromMs: number;
}

interface Voice {
  readonly seq: number;
  readonly epochMs: number;
}

/**
 * The place behind which every frame of the venue with an event time from `epochMs` on lies, `marginMs` (by how much
 * frames may be out of order) to spare. Where the venue was silent before `epochMs`, its last frames before the silence are
 * included, so that a gap is told as it was.
 *
 * It goes by the venue's clock where there is one, which only rises; else by the middle of several frames. A venue whose
 * history was loaded twice with different times has no such place: purge one of them first.
 * @throws StreamsError `consume-failed` when the venue has no frames, or the stream cannot be read
 */
export async function startOfHistory(
  jsm: JetStreamManager,
  venue: { readonly org: string; readonly venue: string },
  epochMs: number,
  marginMs: number,
): Promise<HistoryStart> {
  const search = await HistorySearch.open(jsm, venue);
  const wanted = epochMs - marginMs;
  let before = await search.lastBefore(wanted);
  if (before !== undefined && before.epochMs < wanted - marginMs) {
    before = await search.lastBefore(before.epochMs - marginMs);
  }
  const first = before ?? (await search.first());
  if (first === undefined) {
    throw new StreamsError(
      'consume-failed',
      `no frame of ${venue.org}/${venue.venue} is stored`,
      'check the address of the venue; history reaches back as far as the stream of tracks is kept',
    );
  }
  const forgotten = before === undefined && search.firstSeq > 1;
  return {
    after: await search.position(first.seq - 1),
    completeFromMs: forgotten ? first.epochMs + marginMs : Number.NEGATIVE_INFINITY,
  };
}

class HistorySearch {
  readonly #jsm: JetStreamManager;
  readonly #subject: string;
  readonly #voices: number;
  readonly firstSeq: number;
  readonly #lastSeq: number;

  private constructor(
    jsm: JetStreamManager,
    at: { subject: string; voices: number; firstSeq: number; lastSeq: number },
  ) {
    this.#jsm = jsm;
    this.#subject = at.subject;
    this.#voices = at.voices;
    this.firstSeq = at.firstSeq;
    this.#lastSeq = at.lastSeq;
  }

  static async open(
    jsm: JetStreamManager,
    { org, venue }: { readonly org: string; readonly venue: string },
  ): Promise<HistorySearch> {
    try {
      const { state } = await jsm.streams.info(STREAM.tracks);
      const clock = observationSubject('tracks', { org, venue, source: CLOCK_SOURCE });
      const ticks = (await jsm.streams.getMessage(STREAM.tracks, { last_by_subj: clock })) !== null;
      return new HistorySearch(jsm, {
        subject: ticks ? clock : `obs.tracks.${org}.${venue}.*`,
        voices: ticks ? 1 : VOICES,
        firstSeq: state.first_seq,
        lastSeq: state.last_seq,
      });
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** Time and place of the first frame; undefined when there is none. */
  first(): Promise<Voice | undefined> {
    return this.#voiceAt(this.firstSeq);
  }

  /** The last place whose time is before `epochMs`; undefined when the first one's is not. */
  async lastBefore(epochMs: number): Promise<Voice | undefined> {
    let low = this.firstSeq - 1;
    let found: Voice | undefined;
    let high = this.#lastSeq + 1;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const voice = await this.#voiceAt(middle);
      if (voice === undefined || voice.seq >= high || voice.epochMs >= epochMs) high = middle;
      else {
        low = voice.seq;
        found = voice;
      }
    }
    return found;
  }

  async position(seq: number): Promise<StreamPosition> {
    if (seq < this.firstSeq) return { seq: Math.max(0, seq), timeNs: '' };
    const stored = await this.#get({ seq });
    return { seq, timeNs: stored === null ? '' : nanosecondsOf(stored.timestamp) };
  }

  /** The first readable frame at or behind a sequence, with the time that it and those behind it agree on. */
  async #voiceAt(seq: number): Promise<Voice | undefined> {
    const times: number[] = [];
    let at: number | undefined;
    let next = seq;
    for (let unread = 0; times.length < this.#voices && unread < MOST_UNREADABLE; ) {
      const stored = await this.#get({ seq: next, next_by_subj: this.#subject });
      if (stored === null) break;
      next = stored.seq + 1;
      const epochMs = epochOf(stored);
      if (epochMs === undefined) unread++;
      else {
        at ??= stored.seq;
        times.push(epochMs);
      }
    }
    if (at === undefined) return undefined;
    times.sort((a, b) => a - b);
    return { seq: at, epochMs: times[Math.floor(times.length / 2)]! };
  }

  async #get(query: { seq: number; next_by_subj?: string }): Promise<StoredMsg | null> {
    try {
      return await this.#jsm.direct.getMessage(STREAM.tracks, query);
    } catch (error) {
      throw unreadable(error);
    }
  }
}

function epochOf(stored: StoredMsg): number | undefined {
  try {
    return decodeTracks(stored.data).epochMs;
  } catch (error) {
    // Live set it aside as well; its time means nothing.
    if (isStreamsError(error, 'frame-malformed')) return undefined;
    throw error;
  }
}

function unreadable(error: unknown): StreamsError {
  return isStreamsError(error)
    ? error
    : new StreamsError(
        'consume-failed',
        `cannot read the history of tracks: ${messageOf(error)}`,
        'run "tidewatch up" or apply the topology first',
        error,
      );
}
