// Settings of the detector of unusual places.

/** Settings. The defaults are meant for every level. */
export interface RasterOptions {
  /** Length of a slot, ms of event time: one judgement per slot. */
  readonly slotMs: number;
  /** Of rasters that come more often, one in so many ms is used. */
  readonly sampleMs: number;
  /** Edge of a block, m, rounded to whole cells. */
  readonly blockM: number;
  /** Deviation of the rasters' Gaussian kernel, m; speeds follow from it. Rasters with a box kernel have no speed. */
  readonly sigmaM: number;
  /** Evidence that raises an alarm: -log10 of the share of earlier slots that were as extreme. */
  readonly bar: number;
  /** A place with fewer persons above or below the usual, or standing, than this is nothing to tell. */
  readonly fewestPersons: number;
}

export const defaultRasterOptions: RasterOptions = {
  slotMs: 10_000,
  sampleMs: 1_000,
  blockM: 2,
  sigmaM: 0.5,
  bar: 3,
  fewestPersons: 8,
};
