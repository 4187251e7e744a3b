// What a processor's windows could not take, as late.<processor> messages.
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { WindowOutput } from '#processors/window/index.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import type { LateNotice } from '#streams/schema/late.ts';
import { CLOCK_SOURCE, lateSubject } from '#streams/subjects.ts';

const encoder = new TextEncoder();

export class LateNotices {
  readonly #processor: string;
  readonly #org: string;
  readonly #venue: string;
  readonly #sources: readonly string[];

  /** @param sources names of the window operator's sources, in its order */
  constructor(processor: string, venue: Pick<Venue, 'org' | 'id'>, sources: readonly string[]) {
    this.#processor = processor;
    this.#org = venue.org;
    this.#venue = venue.id;
    this.#sources = sources;
  }

  append({ late, rejected, gaps }: Omit<WindowOutput, 'windows'>, outputs: Output[]): void {
    for (const { source, epochMs, seq, samples, watermarkMs } of late) {
      const notice = { ...this.#from(source), reason: 'late', epochMs, seq, samples, watermarkMs } as const;
      outputs.push(this.#output(notice, epochMs, `${epochMs}|${seq}`));
    }
    for (const { source, epochMs, seq, samples, venueMs } of rejected) {
      // Before the venue's time is known there is nothing to be ahead of; the operator then says minus infinity.
      const known = Number.isFinite(venueMs) ? venueMs : 0;
      const notice = {
        ...this.#from(source),
        reason: 'future',
        epochMs,
        seq,
        samples,
        venueMs: known,
      } as const;
      outputs.push(this.#output(notice, epochMs, `${epochMs}|${seq}`));
    }
    for (const { fromMs, toMs } of gaps) {
      const notice = { ...this.#from(-1), reason: 'gap', fromMs, toMs } as const;
      outputs.push(this.#output(notice, toMs, `${fromMs}|${toMs}`));
    }
  }

  #from(source: number): { org: string; venue: string; source: string } {
    return { org: this.#org, venue: this.#venue, source: this.#sources[source] ?? CLOCK_SOURCE };
  }

  #output(notice: LateNotice, epochMs: number, id: string): Output {
    const subject = lateSubject(this.#processor, notice);
    const messageId = `${subject}|${notice.reason}|${id}`;
    return {
      subject,
      messageId,
      payload: encoder.encode(JSON.stringify(notice)),
      headers: cloudEventHeaders({
        id: messageId,
        source: `/processors/${this.#processor}`,
        type: `tidewatch.late.${notice.reason}.v1`,
        epochMs,
        dataSchema: 'late',
      }),
    };
  }
}
