// The health of what observes: the share of expected frames that came. Unlike a crowd it has no phases and hardly varies, so
// its departure needs no statistics: what is usual for the place, and a drop that matters. A slot in which nothing at all
// came is an alarm at once; a partial drop, or a source that is newly silent among many, must last two slots.
import { AnomalyInputError, type AnomalyResult } from './detector.ts';

/** A drop of the share by this much matters: figures of the place are then wrong by about as much. */
const MATERIAL_DROP = 0.15;
/**
 * A source that is silent is a fact even where many others see the place: any drop above chance goes with it. Judgement, not
 * measured: one of thirty cameras is 0.033 of the frames.
 */
const DROP_OF_A_SILENT_SOURCE = 0.03;
/** A camera that came back must be well for so many slots before it alarms again. */
const WELL_SLOTS = 3;
const MEMORY = 500;
const FIELDS = 5;

/** Several places, by their number. */
export class HealthWatch {
  /** Per place: slots seen, usual share, slots of the present drop, well slots still needed, usually silent. */
  readonly #state: Float64Array;

  constructor(places: number) {
    this.#state = new Float64Array(FIELDS * places);
  }

  /** The usual share of a place; NaN before the first value. */
  usual(place: number): number {
    return this.#state[FIELDS * place]! > 0 ? this.#state[FIELDS * place + 1]! : Number.NaN;
  }

  /**
   * @param share frames seen of those expected, [0,1]
   * @param silent sources of the place that are silent
   * @throws AnomalyInputError for a share that is not one
   */
  update(place: number, share: number, silent = 0): AnomalyResult {
    if (!(share >= 0 && share <= 1)) throw new AnomalyInputError(`a share of frames is 0 to 1, not ${share}`);
    const at = FIELDS * place;
    const state = this.#state;
    const usual = state[at]! > 0 ? state[at + 1]! : share;
    const drop = usual - share;
    const newlySilent = state[at]! > 0 && silent - state[at + 4]! >= 0.5;
    const dropped = drop >= (newlySilent ? DROP_OF_A_SILENT_SOURCE : MATERIAL_DROP);
    state[at + 2] = dropped ? state[at + 2]! + 1 : 0;
    const alarm = dropped && state[at + 3] === 0 && (share === 0 || state[at + 2]! >= 2);
    if (alarm) state[at + 3] = WELL_SLOTS;
    else if (state[at + 3]! > 0) state[at + 3] = dropped ? WELL_SLOTS : state[at + 3]! - 1;
    // A long outage is learned in the end: after some hours it is the usual, and its repair is nothing to alarm about.
    state[at]! += 1;
    state[at + 1] = usual + (share - usual) / Math.min(state[at]!, MEMORY);
    state[at + 4]! += (silent - state[at + 4]!) / Math.min(state[at]!, MEMORY);
    return {
      score: alarm ? 0.5 + 0.5 * drop : Math.min(0.49, Math.max(0, drop)),
      evidence: 3 * Math.max(0, drop),
      reason: {
        code: dropped ? 'drop' : 'normal',
        observed: share,
        expected: usual,
        points: Math.max(1, state[at + 2]!),
        probability: dropped ? 0 : 1,
      },
    };
  }

  snapshot(): Uint8Array {
    return new Uint8Array(this.#state.slice().buffer);
  }

  /** @param from for each place its number in the snapshot, or -1 for a new one */
  restore(bytes: Uint8Array, from: readonly number[]): void {
    const stored = new Float64Array(bytes.slice().buffer);
    from.forEach((place, i) => {
      for (let k = 0; k < FIELDS; k++)
        this.#state[FIELDS * i + k] = place < 0 ? 0 : stored[FIELDS * place + k]!;
    });
  }
}
