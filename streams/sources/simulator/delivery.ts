// The way from a camera to the wire: delays, late and swapped frames, duplicates. Gives messages in order of sending.
import type { Random } from '#models/simulation/index.ts';
import type { TrackFrame } from '#streams/schema/tracks.ts';
import type { NoiseModel } from './noise.ts';

export interface Outgoing {
  readonly subject: string;
  readonly frame: TrackFrame;
  /** When it is sent, on the same clock as the frame's event time, UTC epoch ms. */
  readonly sendAtMs: number;
}

export class Delivery {
  readonly #noise: NoiseModel;
  readonly #random: Random;
  #waiting: Outgoing[] = [];

  constructor(noise: NoiseModel, random: Random) {
    this.#noise = noise;
    this.#random = random;
  }

  /** Takes a frame whose camera sends every `intervalMs`. */
  take(subject: string, frame: TrackFrame, intervalMs: number): void {
    const noise = this.#noise;
    const u = this.#random.uniform();
    let delay = this.#between(noise.delayMs);
    if (u < noise.lateRate) delay += this.#between(noise.lateMs);
    else if (u < noise.lateRate + noise.reorderRate)
      delay += intervalMs + (noise.delayMs[1] - noise.delayMs[0]) + 1;
    const sendAtMs = frame.epochMs + Math.round(delay);
    this.#waiting.push({ subject, frame, sendAtMs });
    if (this.#random.uniform() < noise.duplicateRate) {
      this.#waiting.push({ subject, frame, sendAtMs: sendAtMs + Math.round(200 * this.#random.uniform()) });
    }
  }

  /** Takes a frame that is sent at the instant it shows. */
  prompt(subject: string, frame: TrackFrame): void {
    this.#waiting.push({ subject, frame, sendAtMs: frame.epochMs });
  }

  /** Everything to be sent before `untilMs`, in order of sending (ties in order of taking). */
  due(untilMs: number): Outgoing[] {
    const out = this.#waiting.filter((m) => m.sendAtMs < untilMs);
    if (out.length > 0) this.#waiting = this.#waiting.filter((m) => m.sendAtMs >= untilMs);
    return out.sort((a, b) => a.sendAtMs - b.sendAtMs);
  }

  #between([low, high]: readonly [number, number]): number {
    return low + (high - low) * this.#random.uniform();
  }
}
