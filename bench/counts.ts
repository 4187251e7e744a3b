// Event detection on people counts: how many of the listed events of a building are found among a stated number of
// alarms, by the detector in its default configuration and by simple rules, all online. The list is incomplete, so an alarm
// outside it may be a real event; recall at equal numbers of alarms is what can be compared.
import { createDetector } from '#models/anomaly/index.ts';
import { recording } from '#testing/shared-data.ts';
import { readCalIt2 } from './counts/calit2.ts';
import { type EventRecall, recallAtAlarms } from './counts/recall.ts';

const HALF_HOUR = 1_800_000;
const BUDGETS = [30, 60, 100];
const rules = { rowMs: HALF_HOUR, mergeMs: 2 * HALF_HOUR, marginMs: HALF_HOUR };
type Scorer = () => (epochMs: number, value: number) => number;

/** Distance from the mean of the same half hour of earlier weeks, in units of `spread(mean, deviation)`. */
function sameTimeOfWeek(spread: (mean: number, deviation: number) => number): Scorer {
  return () => {
    const past = new Map<number, { count: number; mean: number; squares: number }>();
    return (epochMs, value) => {
      const slot = Math.floor(epochMs / HALF_HOUR) % (7 * 48);
      const seen = past.get(slot) ?? { count: 0, mean: 0, squares: 0 };
      const deviation = seen.count > 1 ? Math.sqrt(seen.squares / (seen.count - 1)) : 0;
      const score = seen.count > 1 ? Math.abs(value - seen.mean) / spread(seen.mean, deviation) : 0;
      seen.count += 1;
      const step = value - seen.mean;
      seen.mean += step / seen.count;
      seen.squares += step * (value - seen.mean);
      past.set(slot, seen);
      return score;
    };
  };
}

const contestants: Record<string, Scorer> = {
  detector: () => {
    const detector = createDetector();
    return (epochMs, value) => detector.update(epochMs, value).score;
  },
  detector_evidence: () => {
    const detector = createDetector();
    return (epochMs, value) => detector.update(epochMs, value).evidence;
  },
  same_time_sigma: sameTimeOfWeek((_, deviation) => deviation + 1),
  same_time_poisson: sameTimeOfWeek((mean) => Math.sqrt(mean + 1)),
  threshold: () => (_, value) => value,
};

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const folder = recording('calit2');
  if (!folder) throw new Error('the CalIt2 recording is absent: set TIDEWATCH_DATA to the data folder');
  const { timestamps, inflow, outflow, events } = readCalIt2(folder);
  const figures: Record<string, number | string> = { events: events.length, rows: timestamps.length };
  console.log(`CalIt2: ${events.length} listed events, ${timestamps.length} half hours; listed events found`);
  console.log(
    `${'method'.padEnd(20)}${BUDGETS.map((budget) => `of ${budget} alarms`.padStart(16)).join('')}`,
  );
  for (const [name, make] of Object.entries(contestants)) {
    const scored = [inflow, outflow].map((flow) => {
      const score = make();
      return Float64Array.from(flow, (value, row) => score(timestamps[row], value));
    });
    const either = scored[0].map((score, row) => Math.max(score, scored[1][row]));
    const results: EventRecall[] = BUDGETS.map((budget) =>
      recallAtAlarms(timestamps, either, events, budget, rules),
    );
    const cells = results.map((result) =>
      `${result.found} (${(100 * result.recall).toFixed(0)} %)`.padStart(16),
    );
    console.log(`${name.padEnd(20)}${cells.join('')}`);
    BUDGETS.forEach((budget, place) => {
      figures[`${name}_recall_at_${budget}`] = results[place].recall;
      figures[`${name}_alarms_at_${budget}`] = results[place].alarms;
    });
  }
  return figures;
}
