// Areas that hold a point together, as one number.

const NO_MEMBERS: readonly number[] = [];

/** Numbers for sets of areas: -1 none, k area k alone, from `areas` upwards the combinations in the order they appear. */
export class AreaSets {
  readonly #members: (readonly number[])[];
  readonly #byName = new Map<string, number>();
  /** (set, area) -> set, by `set * areas + area`. */
  readonly #with = new Map<number, number>();
  readonly #areas: number;

  constructor(areas: number) {
    this.#areas = areas;
    this.#members = Array.from({ length: areas }, (_, k) => [k]);
    for (let k = 0; k < areas; k++) this.#byName.set(String(k), k);
  }

  get count(): number {
    return this.#members.length;
  }

  members(set: number): readonly number[] {
    return set < 0 ? NO_MEMBERS : this.#members[set]!;
  }

  with(set: number, area: number): number {
    if (set < 0) return area;
    const key = set * this.#areas + area;
    const known = this.#with.get(key);
    if (known !== undefined) return known;
    const members = [...new Set([...this.#members[set]!, area])].sort((a, b) => a - b);
    const name = members.join();
    let number = this.#byName.get(name);
    if (number === undefined) {
      number = this.#members.length;
      this.#members.push(members);
      this.#byName.set(name, number);
    }
    this.#with.set(key, number);
    return number;
  }
}
