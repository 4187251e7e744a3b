// What the feed worker and the page say to each other. Big columns travel as transferred typed arrays.
import type { Names, Venue } from '#models/venue/types.ts';
import type { AnomalyScore, JointAnomaly, RasterAnomalyMessage } from '#streams/schema/anomaly.ts';
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import type { DensityWindow } from '#streams/schema/window.ts';

/** Which part of which venue is shown. */
export interface Selection {
  readonly org: string;
  readonly venue: string;
  readonly level: number;
}

export type FeedCommand =
  | {
      readonly kind: 'connect';
      readonly servers: string;
      /** How far back window results, and scores and forecasts, are read when a venue is selected. */
      readonly historyMs: number;
      readonly outlooksMs: number;
    }
  | { readonly kind: 'select'; readonly selection: Selection }
  /** The page has drawn the last frame: one more may come. */
  | { readonly kind: 'credit' };

export type LinkState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** A venue that can be chosen. */
export interface VenueEntry {
  readonly org: string;
  readonly id: string;
  readonly name: Names;
  readonly levels: readonly { readonly ordinal: number; readonly name: Names }[];
  /** Number of zones. */
  readonly zones: number;
}

/** Cell marks of a display raster: every other value is p/m2. */
export const DISPLAY_UNKNOWN = -1;
export const DISPLAY_WALL = -2;

/** A raster ready for a texture. */
export interface DisplayGrid {
  readonly epochMs: number;
  readonly level: number;
  readonly width: number;
  readonly height: number;
  readonly cellM: number;
  readonly originX: number;
  readonly originY: number;
  /** Share of expected source frames seen, [0,1]; NaN where nothing was expected. */
  readonly completeness: number;
  /** p/m2, or DISPLAY_UNKNOWN, or DISPLAY_WALL; row by row from the south-west corner. */
  readonly values: Float32Array;
}

/** Persons of all live sources of one level. */
export interface People {
  /** Newest event time among the sources, epoch ms. */
  readonly epochMs: number;
  readonly level: number;
  readonly count: number;
  /** x0 y0 x1 y1 … in local metres. */
  readonly positions: Float32Array;
}

/** What became of the messages since the page was opened. */
export interface FeedCounters {
  /** Live messages received. */
  readonly received: number;
  /** Rasters and person frames replaced by newer ones, and results pushed out, before the page could take them. */
  readonly dropped: number;
  /** Messages that did not decode or did not match their schema. */
  readonly malformed: number;
  /** The first thing wrong with the last malformed message, and its subject. */
  readonly lastMalformed: string;
  /** Scores and forecasts of a kind this wall does not know: a newer processor's. They are not shown. */
  readonly unread: number;
  /** The subject of the last of them. */
  readonly lastUnread: string;
}

/** What processors make of the numbers: how unusual they are, and what they will be. */
export type Outlook =
  | { readonly kind: 'score'; readonly message: AnomalyScore | JointAnomaly }
  | { readonly kind: 'places'; readonly message: RasterAnomalyMessage }
  | { readonly kind: 'forecast'; readonly message: ForecastMessage };

/** Everything new since the last frame. */
export interface FeedFrame {
  readonly selection: Selection;
  readonly grid: DisplayGrid | null;
  readonly people: People | null;
  readonly windows: readonly DensityWindow[];
  readonly outlooks: readonly Outlook[];
}

/** Past results of one zone as columns; NaN is unknown. */
export interface ZoneHistory {
  readonly key: string;
  readonly windowMs: number;
  readonly end: Float64Array;
  readonly density: Float32Array;
  readonly count: Float32Array;
  readonly revision: Uint32Array;
  /** The newest of them whole. */
  readonly last: DensityWindow;
}

export type FeedProblem =
  | 'venues-unavailable'
  | 'venue-invalid'
  | 'history-unavailable'
  | 'connect-failed'
  | 'subscription-refused'
  | 'worker-failed';

export type FeedEvent =
  | { readonly kind: 'link'; readonly state: LinkState; readonly detail: string }
  | { readonly kind: 'venues'; readonly venues: readonly VenueEntry[] }
  | { readonly kind: 'venue'; readonly venue: Venue }
  | { readonly kind: 'history'; readonly selection: Selection; readonly zones: readonly ZoneHistory[] }
  /** The last score and forecast of each series, and those of the past minutes. */
  | {
      readonly kind: 'past-outlooks';
      readonly selection: Selection;
      readonly outlooks: readonly Outlook[];
    }
  | { readonly kind: 'frame'; readonly frame: FeedFrame }
  | { readonly kind: 'counters'; readonly counters: FeedCounters }
  /** `detail` empty: the problem has passed. */
  | { readonly kind: 'problem'; readonly problem: FeedProblem; readonly detail: string };
