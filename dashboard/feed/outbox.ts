// Credit-1 hand-over from the worker to the page: the page asks for the next frame when it has drawn the last, and
// until then the newest raster and person frame win. What was replaced or pushed out is counted, never hidden.
// (A page that is pushed frames queues them while it draws: measured 10-18 s behind before this rule, 0.2 s with it.)

export interface OutboxContent<G, P, W, O> {
  readonly grid: G | null;
  readonly people: P | null;
  readonly windows: W[];
  readonly outlooks: O[];
}

/**
 * Latest-wins slots for a raster and a person frame, and bounded queues of window results and of outlooks: apart, so that
 * many windows push out no alarm.
 */
export class Outbox<G, P, W, O> {
  readonly #limits: { readonly windows: number; readonly outlooks: number };
  #grid: G | null = null;
  #people: P | null = null;
  #windows: W[] = [];
  #outlooks: O[] = [];
  #credit = false;
  #dropped = 0;

  /** @param limits results kept while the page is busy; beyond it the oldest are dropped and counted */
  constructor(limits: { readonly windows: number; readonly outlooks: number }) {
    this.#limits = limits;
  }

  /** Content replaced or pushed out before it could be taken. */
  get dropped(): number {
    return this.#dropped;
  }

  putGrid(grid: G): void {
    if (this.#grid !== null) this.#dropped++;
    this.#grid = grid;
  }

  /** A raster from the past: only where no newer one waits. */
  putGridIfNone(grid: G): void {
    this.#grid ??= grid;
  }

  get hasCredit(): boolean {
    return this.#credit;
  }

  /**
   * @param superseded person frames of sources that were replaced before they could be shown. The merged frame
   * itself is rebuilt from all sources, so its replacement loses nothing by itself.
   */
  putPeople(people: P, superseded: number): void {
    this.#dropped += superseded;
    this.#people = people;
  }

  putWindow(window: W): void {
    this.#queue(this.#windows, window, this.#limits.windows);
  }

  putOutlook(outlook: O): void {
    this.#queue(this.#outlooks, outlook, this.#limits.outlooks);
  }

  /** The page is ready for one more frame. Credit does not add up. */
  grant(): void {
    this.#credit = true;
  }

  /** The content if there is any and the page has asked for it; taking it spends the credit. */
  take(): OutboxContent<G, P, W, O> | null {
    const queued = this.#windows.length + this.#outlooks.length;
    if (!this.#credit || (this.#grid === null && this.#people === null && queued === 0)) return null;
    const content = {
      grid: this.#grid,
      people: this.#people,
      windows: this.#windows,
      outlooks: this.#outlooks,
    };
    this.clear();
    this.#credit = false;
    return content;
  }

  /** Forgets what waits (the venue or level changed); this is not a drop. */
  clear(): void {
    this.#grid = null;
    this.#people = null;
    this.#windows = [];
    this.#outlooks = [];
  }

  #queue<T>(queue: T[], item: T, limit: number): void {
    if (queue.length >= limit) {
      queue.shift();
      this.#dropped++;
    }
    queue.push(item);
  }
}
