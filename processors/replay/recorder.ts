// The figure that levels are judged by, per zone over the span, as the windows of a replay say it: the newest revision of
// each window, unknown where nobody saw or no window came.
import type { Venue } from '#models/venue/index.ts';
import { densityWindows } from '#processors/density/index.ts';
import type { LevelSample } from '#processors/rules/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import { densityWindow } from '#streams/schema/window.ts';
import { windowSubject } from '#streams/subjects.ts';

const decoder = new TextDecoder();

/** What a recorder of a part of the span has. */
export interface RecordedPart {
  readonly firstEndMs: number;
  readonly values: ReadonlyMap<string, Float64Array>;
}

export class DensityRecorder {
  readonly hopMs: number;
  /** End of the first window that lies in the span. */
  readonly #firstEndMs: number;
  readonly #ends: number;
  /** Zone by subject. */
  readonly #zones: ReadonlyMap<string, string>;
  readonly #values: ReadonlyMap<string, Float64Array>;

  /** Windows of `metric` with ends in (fromMs, toMs]. */
  constructor(venue: Venue, metric: string, fromMs: number, toMs: number) {
    const spec = densityWindows(venue.tickMs).find((window) => window.metric === metric);
    if (spec === undefined) throw new RangeError(`there is no window ${metric}`);
    this.hopMs = spec.hopMs;
    this.#firstEndMs = (Math.floor(fromMs / spec.hopMs) + 1) * spec.hopMs;
    this.#ends = Math.max(0, Math.floor((toMs - this.#firstEndMs) / spec.hopMs) + 1);
    this.#zones = new Map(
      venue.zones.map(({ id }) => [windowSubject(metric, venue.org, venue.id, id), id] as const),
    );
    // NaN is unknown.
    this.#values = new Map(venue.zones.map(({ id }) => [id, new Float64Array(this.#ends).fill(Number.NaN)]));
  }

  /** Notes an output; those that are no windows of the metric are passed over. Corrections come after what they correct. */
  take(output: Output): void {
    const zone = this.#zones.get(output.subject);
    if (zone === undefined) return;
    const { end, density } = densityWindow.parse(JSON.parse(decoder.decode(output.payload)));
    const at = (end - this.#firstEndMs) / this.hopMs;
    if (Number.isInteger(at) && at >= 0 && at < this.#ends) {
      this.#values.get(zone)![at] = density === null ? Number.NaN : density.mean;
    }
  }

  /** Everything noted, to be handed to another thread. */
  recorded(): RecordedPart {
    return { firstEndMs: this.#firstEndMs, values: this.#values };
  }

  /** Takes over what a recorder of a part of this span has noted. */
  absorb({ firstEndMs, values }: RecordedPart): void {
    const at = (firstEndMs - this.#firstEndMs) / this.hopMs;
    for (const [zone, part] of values) this.#values.get(zone)?.set(part, at);
  }

  /** One sample per window end, in order; none for a zone that the venue does not have. */
  *samples(zone: string): Generator<LevelSample> {
    const values = this.#values.get(zone);
    if (values === undefined) return;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      yield { atMs: this.#firstEndMs + i * this.hopMs, value: Number.isNaN(value) ? null : value };
    }
  }
}
