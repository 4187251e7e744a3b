// Every text of the wall. A language that lacks an entry does not compile.
import type { FeedProblem, LinkState } from '../feed/messages.ts';
import type { Freshness } from '../state/zone-row.ts';

export interface Dictionary {
  readonly title: string;
  readonly organisation: string;
  readonly venue: string;
  readonly level: string;
  /** The language this button switches to, in that language. */
  readonly otherLanguage: string;
  readonly link: Readonly<Record<LinkState, string>>;
  readonly dropped: (n: string) => string;
  readonly droppedHint: string;
  readonly malformed: (n: string) => string;
  readonly strangers: (n: string) => string;
  readonly zones: string;
  readonly persons: string;
  readonly density: string;
  readonly densityUnit: string;
  readonly levelOfService: string;
  readonly speed: string;
  readonly age: string;
  readonly completeness: string;
  readonly completenessHint: string;
  readonly window: (seconds: string) => string;
  readonly unknown: string;
  readonly notWalkable: string;
  readonly unknownHere: string;
  readonly lastKnown: (persons: string, age: string) => string;
  readonly silentSources: (names: string) => string;
  readonly freshness: Readonly<Record<Freshness, string>>;
  readonly legend: string;
  readonly legendMarks: Readonly<Record<'free' | 'slowed' | 'contact' | 'dangerous' | 'critical', string>>;
  readonly map: string;
  readonly mapHelp: string;
  readonly fit: string;
  readonly zoomIn: string;
  readonly zoomOut: string;
  readonly rasterAge: (age: string) => string;
  readonly rasterMissing: string;
  readonly rasterCompleteness: (share: string) => string;
  readonly history: string;
  readonly peopleDrawn: (n: string) => string;
  readonly otherTime: (when: string) => string;
  readonly noVenues: string;
  readonly waitingForVenue: string;
  readonly notLive: (link: string) => string;
  readonly problems: Readonly<Record<FeedProblem | 'graphics', string>>;
  readonly allLevels: string;
  readonly thisLevel: string;
  readonly seconds: (n: string) => string;
  readonly minutes: (n: string) => string;
  readonly hours: (n: string) => string;
  readonly days: (n: string) => string;
}
