// What a raster detector has learned of one level: the usual persons and speed of every block, overall and by phase of the
// event, persons of the last minutes, and how heavy the heaviest place of a slot has been.
import { type EventPhase, eventPhases } from './index.ts';
import { packWords, unpackWords } from './raster-pack.ts';
import { BlockReference } from './raster-reference.ts';
import { type RasterKind, rasterKinds } from './raster-slot.ts';
import { notOurs } from './raster-state.ts';
import { MassTail } from './raster-tail.ts';

/** Slots that a reference remembers: two and a half hours of 10 s, and ten minutes. */
const MEMORY = 900;
const RECENT_MEMORY = 60;
/**
 * Least deviations. Persons in square roots: half of what a Poisson count has, as a mean over a slot varies less than a
 * count. Speed: m/s.
 */
const LEAST_ROOT = 0.25;
const LEAST_SPEED = 0.12;
/** Slots a block must have been seen in to be judged, by a reference and by the recent one. */
const LEARNED = 30;
const LEARNED_RECENT = 6;
/** Slots of a phase after which its own masses are what a mass is ranked among. */
const RANKED = 120;

/** Persons (in square roots) and speed of every block. */
class Usual {
  readonly persons: BlockReference;
  readonly speed: BlockReference;
  readonly masses: readonly MassTail[] = rasterKinds.map(() => new MassTail());
  slots = 0;

  constructor(blocks: number) {
    this.persons = new BlockReference(blocks, MEMORY, LEAST_ROOT);
    this.speed = new BlockReference(blocks, MEMORY, LEAST_SPEED);
  }
}

export class Learned {
  readonly #blocks: number;
  readonly #overall: Usual;
  readonly #phases = new Map<EventPhase, Usual>();
  readonly #recent: BlockReference;

  constructor(blocks: number) {
    this.#blocks = blocks;
    this.#overall = new Usual(blocks);
    this.#recent = new BlockReference(blocks, RECENT_MEMORY, LEAST_ROOT);
  }

  /** True when the phase has been seen for so long that it can be judged. */
  knows(phase: EventPhase): boolean {
    return (this.#phases.get(phase)?.slots ?? 0) >= LEARNED;
  }

  /** What persons of the block are compared with: of the phase when it has learned the block, else of all phases. */
  persons(phase: EventPhase, block: number): BlockReference | undefined {
    const of = this.#phases.get(phase)?.persons;
    if (of !== undefined && of.seen[block] >= LEARNED) return of;
    return this.#overall.persons.seen[block] >= LEARNED ? this.#overall.persons : undefined;
  }

  speed(phase: EventPhase, block: number): BlockReference | undefined {
    const of = this.#phases.get(phase)?.speed;
    if (of !== undefined && of.seen[block] >= LEARNED) return of;
    return this.#overall.speed.seen[block] >= LEARNED ? this.#overall.speed : undefined;
  }

  recent(block: number): BlockReference | undefined {
    return this.#recent.seen[block] >= LEARNED_RECENT ? this.#recent : undefined;
  }

  /** -log10 of the share of slots (of the phase, when there are enough) whose heaviest place was at least so heavy. */
  rarity(kind: RasterKind, phase: EventPhase, mass: number): number {
    const at = rasterKinds.indexOf(kind);
    const of = this.#phases.get(phase)?.masses[at];
    return (of !== undefined && of.slots >= RANKED ? of : this.#overall.masses[at]).rarity(mass);
  }

  learnMass(kind: RasterKind, phase: EventPhase, mass: number): void {
    const at = rasterKinds.indexOf(kind);
    this.#overall.masses[at].learn(mass);
    this.#of(phase).masses[at].learn(mass);
  }

  /** Learns a slot: persons in square roots and speed per block, NaN where unknown. */
  learn(phase: EventPhase, roots: Float32Array, speeds: Float32Array): void {
    const of = this.#of(phase);
    of.slots += 1;
    this.#overall.slots += 1;
    for (let b = 0; b < this.#blocks; b += 1) {
      const root = roots[b];
      if (!Number.isNaN(root)) {
        of.persons.learn(b, root);
        this.#overall.persons.learn(b, root);
        this.#recent.learn(b, root);
      }
      const speed = speeds[b];
      if (Number.isNaN(speed)) continue;
      of.speed.learn(b, speed);
      this.#overall.speed.learn(b, speed);
    }
  }

  #of(phase: EventPhase): Usual {
    let of = this.#phases.get(phase);
    if (of === undefined) {
      of = new Usual(this.#blocks);
      this.#phases.set(phase, of);
    }
    return of;
  }

  /** Bytes of numbers, of all phases seen. */
  get bytes(): number {
    return this.#fields().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get phases(): readonly EventPhase[] {
    return eventPhases.filter((phase) => this.#phases.has(phase));
  }

  /** Slots overall and by phase, as a head; then the parts. */
  snapshot(): { readonly slots: readonly number[]; readonly parts: Uint8Array[] } {
    const usual = this.#usual();
    return {
      slots: usual.map(({ slots }) => slots),
      parts: [
        ...this.#fields().map((field) => packWords(wordsOf(field.snapshot()))),
        ...usual.flatMap(({ masses }) => masses.map((tail) => tail.snapshot())),
      ],
    };
  }

  /** @throws AnomalyInputError when the parts are not those of these phases and blocks */
  static restore(
    blocks: number,
    phases: readonly EventPhase[],
    slots: readonly number[],
    parts: readonly Uint8Array[],
  ): Learned {
    const learned = new Learned(blocks);
    for (const phase of phases) learned.#of(phase);
    const fields = learned.#fields();
    const usual = learned.#usual();
    const tails = usual.flatMap(({ masses }) => masses);
    if (parts.length !== fields.length + tails.length || slots.length !== usual.length) throw notOurs();
    fields.forEach((field, i) => {
      const words = unpackWords(parts[i], Math.ceil(field.bytes / 4));
      if (words === undefined || !field.restore(new Uint8Array(words.buffer, 0, field.bytes)))
        throw notOurs();
    });
    tails.forEach((tail, i) => {
      if (!tail.restore(parts[fields.length + i])) throw notOurs();
    });
    usual.forEach((of, i) => {
      of.slots = slots[i];
    });
    return learned;
  }

  #usual(): Usual[] {
    return [
      this.#overall,
      ...eventPhases.flatMap((phase) => {
        const of = this.#phases.get(phase);
        return of === undefined ? [] : [of];
      }),
    ];
  }

  #fields(): BlockReference[] {
    return [this.#recent, ...this.#usual().flatMap(({ persons, speed }) => [persons, speed])];
  }
}

/** Bytes as whole words, the last one filled up with zeros. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(bytes.byteLength / 4));
  new Uint8Array(words.buffer).set(bytes);
  return words;
}
