// Which windows end when: the next end of each window spec, those already issued, and dormancy while nothing is heard.
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { Gap, WindowConfig } from './types.ts';

const NONE = Number.POSITIVE_INFINITY;

export class Schedule {
  /** Dormant: no window is due, because nothing has been seen yet or for long. */
  dormant = true;
  readonly #windows: WindowConfig['windows'];
  readonly #paneMs: number;
  /** Next end of each window spec; meaningless while dormant. */
  readonly #next: Float64Array;
  /** Ends from `#first` to `#last` of each spec have been issued since the last wake; NONE before the first. */
  readonly #first: Float64Array;
  readonly #last: Float64Array;
  /** The first end not issued since dormancy; NONE at the very start. */
  #gapFrom = NONE;
  /** While dormant, the least pane with a frame that is not covered by windows already issued. */
  #originPane = NONE;

  constructor({ windows, paneMs }: Pick<WindowConfig, 'windows' | 'paneMs'>) {
    this.#windows = windows;
    this.#paneMs = paneMs;
    this.#next = new Float64Array(windows.length).fill(NONE);
    this.#first = new Float64Array(windows.length).fill(NONE);
    this.#last = new Float64Array(windows.length).fill(Number.NEGATIVE_INFINITY);
  }

  /** True until it has fallen dormant for the first time after its start. */
  get atStart(): boolean {
    return this.#gapFrom === NONE;
  }

  /** The least end that is next. */
  get nextEnd(): number {
    let least = NONE;
    for (const end of this.#next) if (end < least) least = end;
    return least;
  }

  /** True when a window of spec `w` ends at `end`, which then counts as issued. */
  take(w: number, end: number): boolean {
    if (this.#next[w] !== end) return false;
    if (end < this.#first[w]!) this.#first[w] = end;
    this.#last[w] = end;
    this.#next[w] = end + this.#windows[w]!.hopMs;
    return true;
  }

  /** Windows issued that end after `afterMs`, in order of end, then of spec. */
  issuedAfter(afterMs: number): { readonly end: number; readonly window: number }[] {
    const issued: { end: number; window: number }[] = [];
    this.#windows.forEach(({ hopMs }, window) => {
      const first = Math.max((Math.floor(afterMs / hopMs) + 1) * hopMs, this.#first[window]!);
      for (let end = first; end <= this.#last[window]!; end += hopMs) issued.push({ end, window });
    });
    return issued.sort((a, b) => a.end - b.end || a.window - b.window);
  }

  /** A frame has come into an unsealed pane. */
  note(pane: number): void {
    if (this.dormant && pane < this.#originPane) this.#originPane = pane;
  }

  /** The first end after dormancy, once a window with a frame in it is due. */
  wakesAt(watermarkMs: number): number | undefined {
    if (this.#originPane === NONE) return undefined;
    const first = Math.min(...this.#endsFromOrigin());
    return first > watermarkMs ? undefined : first;
  }

  #endsFromOrigin(): number[] {
    const originMs = this.#originPane * this.#paneMs;
    return this.#windows.map(({ hopMs }) => (Math.floor(originMs / hopMs) + 1) * hopMs);
  }

  /** Ends dormancy. The ends that were left out before `firstEnd`; undefined at the very start. */
  wake(firstEnd: number): Gap | undefined {
    this.#next.set(this.#endsFromOrigin());
    this.dormant = false;
    this.#originPane = NONE;
    return this.atStart ? undefined : { fromMs: this.#gapFrom, toMs: firstEnd };
  }

  /** Begins dormancy; `originPane` is the first pane with a frame that is still to come, if any. */
  sleep(originPane: number | undefined): void {
    this.dormant = true;
    this.#gapFrom = this.nextEnd;
    this.#originPane = originPane ?? NONE;
  }

  writeEnds(writer: ByteWriter): void {
    for (const ends of [this.#next, this.#first, this.#last]) for (const end of ends) writer.f64(end);
    writer.u8(this.dormant ? 1 : 0);
  }

  readEnds(reader: ByteReader): void {
    for (const ends of [this.#next, this.#first, this.#last]) {
      for (let w = 0; w < ends.length; w++) ends[w] = reader.f64();
    }
    this.dormant = reader.u8() === 1;
  }

  writeDormancy(writer: ByteWriter): void {
    writer.f64(this.#gapFrom);
    writer.f64(this.#originPane);
  }

  readDormancy(reader: ByteReader): void {
    this.#gapFrom = reader.f64();
    this.#originPane = reader.f64();
  }
}
