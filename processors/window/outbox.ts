// What has come out of an operator since it was last drained.
import type { Gap, LateFrame, RejectedFrame, WindowBlock, WindowOutput } from './types.ts';

export class Outbox {
  #windows: WindowBlock[] = [];
  #late: LateFrame[] = [];
  #rejected: RejectedFrame[] = [];
  #gaps: Gap[] = [];

  get isEmpty(): boolean {
    return this.#windows.length + this.#late.length + this.#rejected.length + this.#gaps.length === 0;
  }

  window(block: WindowBlock): void {
    this.#windows.push(block);
  }

  late(frame: LateFrame): void {
    this.#late.push(frame);
  }

  rejected(frame: RejectedFrame): void {
    this.#rejected.push(frame);
  }

  gap(gap: Gap): void {
    this.#gaps.push(gap);
  }

  drain(): WindowOutput {
    const output = { windows: this.#windows, late: this.#late, rejected: this.#rejected, gaps: this.#gaps };
    this.#windows = [];
    this.#late = [];
    this.#rejected = [];
    this.#gaps = [];
    return output;
  }
}
