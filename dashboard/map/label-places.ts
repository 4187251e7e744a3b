// Where the labels of the zones go, and how much each says. Pure, so that the rules can be tested:
//   a zone that is large on the screen carries its whole label inside, in the middle or, joined by a line, above or below;
//   an important zone too small for that has the whole label beside it, joined by a line, so that the label neither hides
//   the density it speaks of nor seems to speak of a neighbour;
//   every other zone carries a small one, in the middle or above or below, if that covers nobody else's.

export interface Candidate {
  readonly id: string;
  /** Where the label belongs, pixels. */
  readonly x: number;
  readonly y: number;
  /** The zone's box on the screen. */
  readonly box: Box;
  /** Worth a whole label even where it does not fit inside. */
  readonly important: boolean;
}

export type LabelForm = 'full' | 'small';

export interface PlacedLabel {
  readonly id: string;
  readonly form: LabelForm;
  /** Centre of the label, pixels. */
  readonly x: number;
  readonly y: number;
  /** True when the label stands beside its zone and needs a line to it. */
  readonly beside: boolean;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** Pixels between a zone and the label beside it. */
const GAP = 10;

/** @param candidates most important first; those off the pane are passed over */
export function placeLabels(
  candidates: readonly Candidate[],
  sizes: Readonly<Record<LabelForm, Size>>,
  pane: Size,
): PlacedLabel[] {
  const { full, small } = sizes;
  const seen = candidates.filter(({ x, y }) => x >= 0 && y >= 0 && x <= pane.width && y <= pane.height);
  // A label beside its zone must not hide another zone that matters as much.
  const kept = seen.filter(({ important }) => important);
  const taken: Box[] = [];
  const placed: PlacedLabel[] = [];

  const take = (candidate: Candidate, form: LabelForm, x: number, y: number, beside: boolean): void => {
    taken.push(boxAround(x, y, sizes[form]));
    placed.push({ id: candidate.id, form, x, y, beside });
  };
  for (const candidate of seen) {
    const { x, y, box } = candidate;
    const free = (label: Box): boolean => !taken.some((other) => overlap(label, other));
    const roomy = box[2] - box[0] >= full.width * 1.1 && box[3] - box[1] >= full.height * 1.5;
    if (roomy && free(boxAround(x, y, full))) {
      take(candidate, 'full', x, y, false);
      continue;
    }
    const aside = roomy
      ? asides(candidate, full).find((at) => free(boxAround(at[0], at[1], full)))
      : undefined;
    if (aside !== undefined) {
      take(candidate, 'full', aside[0], aside[1], true);
      continue;
    }
    const spot = candidate.important
      ? besides(candidate, full, pane).find((at) => {
          const label = boxAround(at[0], at[1], full);
          return (
            free(label) &&
            within(label, pane) &&
            !kept.some((other) => other !== candidate && overlap(label, other.box))
          );
        })
      : undefined;
    if (spot !== undefined) {
      take(candidate, 'full', spot[0], spot[1], true);
      continue;
    }
    if (free(boxAround(x, y, small))) {
      take(candidate, 'small', x, y, false);
      continue;
    }
    const corner = asides(candidate, small).find((at) => free(boxAround(at[0], at[1], small)));
    if (corner !== undefined) take(candidate, 'small', corner[0], corner[1], true);
  }
  return placed;
}

/** Centres above and below the middle, within the zone's box. */
function asides({ x, box }: Candidate, { height }: Size): (readonly [number, number])[] {
  return [
    [x, box[1] + 4 + height / 2],
    [x, box[3] - 4 - height / 2],
  ];
}

/** Centres right, left, above and below the zone, on a level with its label point as far as the pane allows. */
function besides(
  { x, y, box }: Candidate,
  { width, height }: Size,
  pane: Size,
): (readonly [number, number])[] {
  const level = Math.min(Math.max(y, height / 2), pane.height - height / 2);
  const column = Math.min(Math.max(x, width / 2), pane.width - width / 2);
  return [
    [box[2] + GAP + width / 2, level],
    [box[0] - GAP - width / 2, level],
    [column, box[1] - GAP - height / 2],
    [column, box[3] + GAP + height / 2],
  ];
}

function boxAround(x: number, y: number, { width, height }: Size): Box {
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

function overlap(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

function within(box: Box, { width, height }: Size): boolean {
  return box[0] >= 0 && box[1] >= 0 && box[2] <= width && box[3] <= height;
}
