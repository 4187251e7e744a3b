// Why an entry of the list of unusual things is in it, in words.
import type { RasterFindingMessage } from '#streams/schema/anomaly.ts';
import type { UnusualCause } from '../state/unusual.ts';
import * as format from './format.ts';
import type { Dictionary } from './index.ts';
import { reasonText } from './reason.ts';

export function unusualText(cause: UnusualCause, words: Dictionary): string {
  return cause.kind === 'spot'
    ? findingText(cause.finding, words)
    : reasonText(cause.alarm.metric, cause.alarm.reason, words);
}

/** The message has a line of its own, in English; the wall says it in its reader's language. */
export function findingText(finding: RasterFindingMessage, words: Dictionary): string {
  const { kind, persons, usualPersons, speed, usualSpeed, areaM2 } = finding;
  const metresPerSecond = (value: number | null): string =>
    value === null ? format.UNKNOWN : `${value.toFixed(2)} ${words.speedUnit}`;
  const [seen, usual] =
    kind === 'stopped-flow'
      ? [metresPerSecond(speed), metresPerSecond(usualSpeed)]
      : [format.persons(persons), format.persons(usualPersons)];
  return words.finding(words.findings[kind], seen, usual, String(Math.round(areaM2)));
}
