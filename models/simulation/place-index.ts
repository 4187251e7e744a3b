// Which polygon is a point in? Exact answers, quick: cells wholly inside one need no test, cells on an edge are tested.
import { boundingBox, type Polygon, pointInPolygon } from '#models/geometry/polygon.ts';
import { fillInside, visitEdgeCells } from './raster.ts';

const CELL_M = 1;
const EXACT = 0x4000;

export class PlaceIndex {
  readonly #polygons: readonly Polygon[];
  readonly #originX: number;
  readonly #originY: number;
  readonly #width: number;
  readonly #height: number;
  /** Per cell the candidates in list order; bit EXACT set where the point itself must be tested. */
  readonly #cells: readonly (Uint16Array | undefined)[];

  constructor(polygons: readonly Polygon[]) {
    this.#polygons = polygons;
    const boxes = polygons.map(boundingBox);
    this.#originX = Math.floor(Math.min(0, ...boxes.map((b) => b.minX))) - 1;
    this.#originY = Math.floor(Math.min(0, ...boxes.map((b) => b.minY))) - 1;
    this.#width = Math.ceil(Math.max(0, ...boxes.map((b) => b.maxX)) - this.#originX) + 1;
    this.#height = Math.ceil(Math.max(0, ...boxes.map((b) => b.maxY)) - this.#originY) + 1;
    const grid = {
      originX: this.#originX,
      originY: this.#originY,
      cellM: CELL_M,
      width: this.#width,
      height: this.#height,
    };
    const lists: (number[] | undefined)[] = new Array(this.#width * this.#height);
    polygons.forEach((polygon, p) => {
      const edge = new Set<number>();
      visitEdgeCells(grid, polygon, (c) => edge.add(c));
      const add = (c: number, entry: number): void => {
        const list = lists[c];
        if (list === undefined) lists[c] = [entry];
        else list.push(entry);
      };
      fillInside(grid, polygon, (c) => {
        if (!edge.has(c)) add(c, p);
      });
      for (const c of edge) add(c, p | EXACT);
    });
    this.#cells = Array.from(lists, (list) => (list === undefined ? undefined : Uint16Array.from(list)));
  }

  /** Index of the first polygon of the list with (x, y) in it, or -1. */
  first(x: number, y: number): number {
    const list = this.#candidates(x, y);
    if (list === undefined) return -1;
    for (const entry of list) if (this.#holds(entry, x, y)) return entry & ~EXACT;
    return -1;
  }

  /** Calls `visit` with the index of every polygon with (x, y) in it. */
  each(x: number, y: number, visit: (index: number) => void): void {
    const list = this.#candidates(x, y);
    if (list === undefined) return;
    for (const entry of list) if (this.#holds(entry, x, y)) visit(entry & ~EXACT);
  }

  #candidates(x: number, y: number): Uint16Array | undefined {
    const i = Math.floor(x - this.#originX);
    const j = Math.floor(y - this.#originY);
    if (i < 0 || j < 0 || i >= this.#width || j >= this.#height) return undefined;
    return this.#cells[j * this.#width + i];
  }

  #holds(entry: number, x: number, y: number): boolean {
    return (entry & EXACT) === 0 || pointInPolygon(this.#polygons[entry & ~EXACT]!, x, y);
  }
}
