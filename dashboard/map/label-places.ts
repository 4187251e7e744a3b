// Which labels fit on the map, and how much of each. Pure, so that the rule can be tested: the first in order of
// importance always keeps its place; a label that would cover another becomes small, then goes.

export interface Candidate {
  readonly id: string;
  /** Centre, pixels. */
  readonly x: number;
  readonly y: number;
}

export type LabelForm = 'full' | 'small';

export interface Placed extends Candidate {
  readonly form: LabelForm;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** @param candidates most important first; those off the pane are passed over */
export function placeLabels(
  candidates: readonly Candidate[],
  sizes: Readonly<Record<LabelForm, Size>>,
  pane: Size,
): Placed[] {
  const taken: Box[] = [];
  const placed: Placed[] = [];
  for (const candidate of candidates) {
    const { x, y } = candidate;
    if (x < 0 || y < 0 || x > pane.width || y > pane.height) continue;
    for (const form of ['full', 'small'] as const) {
      const { width, height } = sizes[form];
      const box: Box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
      if (taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      placed.push({ ...candidate, form });
      break;
    }
  }
  return placed;
}

function overlap(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
