// Everything that is unusual in a venue as one list: zones, lines and spots on the floor, strongest first. Pure.
import type { Names, Venue } from '#models/venue/types.ts';
import type { RasterFindingMessage } from '#streams/schema/anomaly.ts';
import type { Alarm, LevelOutlook, ZoneOutlook } from './outlook.ts';
import type { VenueLine } from './venue-lines.ts';

/** What is unusual there: a series, or the floor itself. */
export type UnusualCause =
  | { readonly kind: 'zone' | 'line'; readonly alarm: Alarm }
  | { readonly kind: 'spot'; readonly finding: RasterFindingMessage };

export interface UnusualEntry {
  /** Unique in the list. */
  readonly id: string;
  readonly name: Names;
  readonly level: number;
  /** The zone to choose for it, where there is one. */
  readonly zoneId: string | null;
  readonly cause: UnusualCause;
  readonly score: number;
  /** End of the values that were unusual, epoch ms. */
  readonly end: number;
  readonly ageMs: number;
}

export interface UnusualLine extends VenueLine {
  readonly alarm: Alarm;
}

export function unusualEntries(
  venue: Venue,
  zones: ReadonlyMap<string, ZoneOutlook>,
  lines: readonly UnusualLine[],
  levels: readonly LevelOutlook[],
): UnusualEntry[] {
  const entries: UnusualEntry[] = [];
  for (const zone of venue.zones) {
    const alarm = zones.get(zone.id)?.alarm ?? null;
    if (alarm === null) continue;
    const { score, end, ageMs } = alarm;
    const { id, name, level } = zone;
    entries.push({
      id: `zone-${id}`,
      name,
      level,
      zoneId: id,
      cause: { kind: 'zone', alarm },
      score,
      end,
      ageMs,
    });
  }
  for (const { key, name, level, alarm } of lines) {
    const { score, end, ageMs } = alarm;
    entries.push({
      id: `line-${key}`,
      name,
      level,
      zoneId: null,
      cause: { kind: 'line', alarm },
      score,
      end,
      ageMs,
    });
  }
  for (const { level, spots } of levels) {
    for (const { id, finding, score, end, ageMs } of spots) {
      const zone = venue.zones.find((candidate) => candidate.id === finding.zones[0]);
      const floor = venue.levels.find(({ ordinal }) => ordinal === level);
      const name = zone?.name ?? floor?.name;
      if (name === undefined) continue;
      entries.push({
        id: `spot-${level}-${id}`,
        name,
        level,
        zoneId: zone?.id ?? null,
        cause: { kind: 'spot', finding },
        score,
        end,
        ageMs,
      });
    }
  }
  return entries.sort(byScore);
}

/** Strongest first, then the newest, then by id: a strict order. */
export function byScore(
  a: Pick<UnusualEntry, 'id' | 'score' | 'end'>,
  b: Pick<UnusualEntry, 'id' | 'score' | 'end'>,
): number {
  return b.score - a.score || b.end - a.end || (a.id < b.id ? -1 : 1);
}
