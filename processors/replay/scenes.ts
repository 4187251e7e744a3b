// Under which rules a replay computes history: as it was, and once more where a change makes other windows.
import { parseVenue } from '#models/venue/index.ts';
import { type Comparison, compareLevels, type Judged } from './comparison.ts';
import { ReplayError } from './errors.ts';
import { DensityRecorder } from './recorder.ts';
import {
  changedRules,
  changesWindows,
  DEFAULT_METRIC,
  presentRules,
  type RuleChanges,
  type Rules,
} from './rules.ts';

/** What is computed: plain data, so that it can be handed to another thread. */
export interface SceneRequest {
  /** The venue's GeoJSON text, as of the span. */
  readonly document: string;
  readonly processors: readonly string[];
  /** Results with an event time in (fromMs, toMs]. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Other rules: the session then holds the results under them. */
  readonly changes?: RuleChanges;
}

export interface Scene {
  readonly rules: Rules;
  /** Whether its results go to the session. */
  readonly published: boolean;
  readonly recorder?: DensityRecorder;
}

export interface Scenes {
  readonly list: readonly Scene[];
  readonly changed: boolean;
  /** After the passes: what the change makes different. */
  readonly compare?: () => Comparison;
}

/** @throws ReplayError `rules-invalid`, `processor-unknown`; VenueError for the document */
export function scenesOf({ document, changes, fromMs, toMs, processors }: SceneRequest): Scenes {
  const present = presentRules(parseVenue(document));
  if (changes === undefined) return { list: [{ rules: present, published: true }], changed: false };
  if (!processors.includes('density')) {
    throw new ReplayError('processor-unknown', 'levels are judged by density', 'replay density as well');
  }
  const changed = changedRules(document, changes);
  const metric = changes.metric ?? DEFAULT_METRIC;
  const before = new DensityRecorder(present.venue, metric, fromMs, toMs);
  const judged = (rules: Rules, recorder: DensityRecorder): Judged => ({
    zones: rules.venue.zones,
    hopMs: recorder.hopMs,
    levelOf: rules.levelOf,
    samples: (zone) => recorder.samples(zone),
  });
  if (!changesWindows(changes)) {
    return {
      list: [{ rules: present, published: true, recorder: before }],
      changed: true,
      compare: () => compareLevels(metric, judged(present, before), judged(changed, before)),
    };
  }
  const after = new DensityRecorder(changed.venue, metric, fromMs, toMs);
  return {
    list: [
      { rules: present, published: false, recorder: before },
      { rules: changed, published: true, recorder: after },
    ],
    changed: true,
    compare: () => compareLevels(metric, judged(present, before), judged(changed, after)),
  };
}
