// A rounded rectangle and its parallel rings: the one curve a stadium bowl, its concourse and its plaza are drawn from.
// A place is (fraction of the way round, offset outwards in metres).

export type Point = readonly [number, number];

/** Rounded rectangle centred on the origin with half sizes `halfX`, `halfY` and corner radius `radius`, metres. */
export class RoundedRing {
  readonly halfX: number;
  readonly halfY: number;
  readonly radius: number;
  /** Offset of the ring along which the fraction is proportional to length. */
  readonly referenceOffset: number;
  /** Length of that ring, metres. */
  readonly length: number;
  readonly #straightX: number;
  readonly #straightY: number;
  readonly #arc: number;

  constructor(halfX: number, halfY: number, radius: number, referenceOffset: number) {
    this.halfX = halfX;
    this.halfY = halfY;
    this.radius = radius;
    this.referenceOffset = referenceOffset;
    this.#straightX = 2 * (halfX - radius);
    this.#straightY = 2 * (halfY - radius);
    this.#arc = (Math.PI / 2) * (radius + referenceOffset);
    this.length = 2 * (this.#straightX + this.#straightY) + 4 * this.#arc;
  }

  /** Point and outward unit normal at `fraction` (0 is the east end of the x axis, counter-clockwise) and `offset`. */
  at(fraction: number, offset: number): { x: number; y: number; nx: number; ny: number } {
    const { s, cx, cy, corner, along } = this.#locate(fraction);
    if (corner >= 0) {
      const angle = (corner * Math.PI) / 2 + along / (this.radius + this.referenceOffset);
      const nx = Math.cos(angle);
      const ny = Math.sin(angle);
      return { x: cx + nx * (this.radius + offset), y: cy + ny * (this.radius + offset), nx, ny };
    }
    const nx = s === 0 ? 1 : s === 2 ? -1 : 0;
    const ny = s === 1 ? 1 : s === 3 ? -1 : 0;
    return { x: cx + nx * (this.radius + offset), y: cy + ny * (this.radius + offset), nx, ny };
  }

  point(fraction: number, offset: number): Point {
    const { x, y } = this.at(fraction, offset);
    return [x, y];
  }

  /** Offset of the ring through (x, y): distance to the rounded rectangle, negative inside it. */
  distance(x: number, y: number): number {
    const dx = Math.abs(x) - (this.halfX - this.radius);
    const dy = Math.abs(y) - (this.halfY - this.radius);
    return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - this.radius;
  }

  /** Metres per unit of fraction at `offset`: how far one moves when the fraction grows. */
  metric(fraction: number, offset: number): number {
    const { corner } = this.#locate(fraction);
    if (corner < 0) return this.length;
    return (this.length * (this.radius + offset)) / (this.radius + this.referenceOffset);
  }

  /** The fraction reached by walking `distance` metres round at `offset` from `fraction`; in steps of 2 cm. */
  advance(fraction: number, offset: number, distance: number): number {
    const n = Math.ceil(distance / 0.02);
    let f = fraction;
    for (let i = 0; i < n; i++) f += distance / n / this.metric(f, offset);
    return f;
  }

  /** Points from fraction `from` to `to` (to > from) at `offset`, at most `step` metres apart on the reference ring. */
  arc(from: number, to: number, offset: number, step = 6): Point[] {
    const n = Math.max(1, Math.ceil(((to - from) * this.length) / step));
    return Array.from({ length: n + 1 }, (_, i) => this.point(from + ((to - from) * i) / n, offset));
  }

  /** The patch between two fractions and two offsets, counter-clockwise and open. */
  patch(from: number, to: number, inner: number, outer: number, step = 6): Point[] {
    return [...this.arc(from, to, outer, step), ...this.arc(from, to, inner, step).reverse()];
  }

  /** The whole ring at `offset`, counter-clockwise and open. */
  loop(offset: number, step = 6): Point[] {
    return this.arc(0, 1, offset, step).slice(0, -1);
  }

  /** Straight pieces are sides 0 east, 1 north, 2 west, 3 south; corners 0 NE, 1 NW, 2 SW, 3 SE. */
  #locate(fraction: number): { s: number; corner: number; along: number; cx: number; cy: number } {
    const ix = this.halfX - this.radius;
    const iy = this.halfY - this.radius;
    let d = (fraction - Math.floor(fraction)) * this.length + this.#straightY / 2;
    for (let s = 0; s < 5; s++) {
      const side = s % 4;
      const straight = side % 2 === 0 ? this.#straightY : this.#straightX;
      if (d <= straight) {
        const t = d - straight / 2;
        const cx = side === 0 ? ix : side === 2 ? -ix : side === 1 ? -t : t;
        const cy = side === 1 ? iy : side === 3 ? -iy : side === 0 ? t : -t;
        return { s: side, corner: -1, along: t, cx, cy };
      }
      d -= straight;
      if (d <= this.#arc) {
        const cx = side === 0 || side === 3 ? ix : -ix;
        const cy = side === 0 || side === 1 ? iy : -iy;
        return { s: side, corner: side, along: d, cx, cy };
      }
      d -= this.#arc;
    }
    throw new Error(`fraction ${fraction} is not on the ring`);
  }
}
