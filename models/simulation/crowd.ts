// Everyone in the simulation as columns. Persons are slots: a slot is free, or holds one person until that one leaves.

export const STATE = {
  free: 0,
  /** Walking by the walking model on level 0. */
  walk: 1,
  /** On the rails of a stand: cross-aisle, aisle, row. */
  rail: 2,
  /** Within a stair, on no level's floor. */
  stair: 3,
  seated: 4,
  /** Standing at a counter. */
  dwell: 5,
  /** Lying on the floor: an obstacle. */
  fallen: 6,
} as const;

export class Crowd {
  readonly capacity: number;
  readonly state: Uint8Array;
  /** A number that no other person of the run ever has. */
  readonly serial: Uint32Array;
  readonly level: Int8Array;
  /** Metres, and metres per second. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly vx: Float64Array;
  readonly vy: Float64Array;
  /** Speed wanted on free floor, m/s. */
  readonly freeSpeed: Float64Array;
  /** Constant turn of the heading, radians: people do not walk in one file. */
  readonly bias: Float64Array;
  /** Share of the felt density that counts: below 1 a person pushes closer. */
  readonly calm: Float64Array;
  /** Index of the flow field followed while walking. */
  readonly goal: Int16Array;
  readonly seat: Int32Array;
  /** Simulation time, s, at which a seated, dwelling, fallen or climbing person does the next thing. */
  readonly wake: Float64Array;
  /** Distance along the rails from the mouth of the vomitory, m, and the direction on them (1 to the seat). */
  readonly rail: Float64Array;
  readonly railWay: Int8Array;
  readonly queueRank: Int32Array;
  /** The scenario's own note of what the person is about. */
  readonly errand: Uint8Array;
  readonly #free: number[] = [];
  #nextSerial = 1;
  #high = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.state = new Uint8Array(capacity);
    this.serial = new Uint32Array(capacity);
    this.level = new Int8Array(capacity);
    this.x = new Float64Array(capacity);
    this.y = new Float64Array(capacity);
    this.vx = new Float64Array(capacity);
    this.vy = new Float64Array(capacity);
    this.freeSpeed = new Float64Array(capacity);
    this.bias = new Float64Array(capacity);
    this.calm = new Float64Array(capacity).fill(1);
    this.goal = new Int16Array(capacity).fill(-1);
    this.seat = new Int32Array(capacity).fill(-1);
    this.wake = new Float64Array(capacity);
    this.rail = new Float64Array(capacity);
    this.railWay = new Int8Array(capacity);
    this.queueRank = new Int32Array(capacity).fill(-1);
    this.errand = new Uint8Array(capacity);
  }

  /** Slots in use are below this. */
  get high(): number {
    return this.#high;
  }

  /** Persons present. */
  get present(): number {
    return this.#high - this.#free.length;
  }

  /** A slot for a new person, or -1 when the crowd is full. */
  add(): number {
    const i = this.#free.pop() ?? (this.#high < this.capacity ? this.#high++ : -1);
    if (i < 0) return -1;
    this.serial[i] = this.#nextSerial++;
    this.level[i] = 0;
    this.vx[i] = 0;
    this.vy[i] = 0;
    this.calm[i] = 1;
    this.goal[i] = -1;
    this.seat[i] = -1;
    this.queueRank[i] = -1;
    this.errand[i] = 0;
    return i;
  }

  remove(i: number): void {
    this.state[i] = STATE.free;
    this.#free.push(i);
  }
}
