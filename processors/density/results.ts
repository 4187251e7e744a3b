// Window blocks as win.density* messages: one JSON message per zone and window, named by what it is.
import { levelByDensity } from '#models/crowd/index.ts';
import type { Venue, Zone } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { WindowBlock } from '#processors/window/index.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { windowSubject } from '#streams/subjects.ts';
import type { DensityWindowSpec } from './config.ts';

const encoder = new TextEncoder();

/** Names of the aggregates that a density window keeps; the operator prefixes its columns with them. */
export const PERSONS = 'persons';
export const SPEED = 'speed';
export const SAMPLES = 'samples';

/** Writes the blocks of one venue's windows as messages. Zones are the keys, in the venue's order. */
export class DensityResults {
  readonly #venue: Venue;
  readonly #specs: readonly DensityWindowSpec[];
  readonly #sources: readonly string[];
  /** Subject of each zone, by window. */
  readonly #subjects: readonly (readonly string[])[];

  constructor(venue: Venue, specs: readonly DensityWindowSpec[], sources: readonly string[]) {
    this.#venue = venue;
    this.#specs = specs;
    this.#sources = sources;
    this.#subjects = specs.map(({ metric }) =>
      venue.zones.map((zone) => windowSubject(metric, venue.org, venue.id, zone.id)),
    );
  }

  append(block: WindowBlock, outputs: Output[]): void {
    for (let row = 0; row < block.keys.length; row++) outputs.push(this.#output(block, row));
  }

  #output(block: WindowBlock, row: number): Output {
    const spec = this.#specs[block.window]!;
    const key = block.keys[row]!;
    const revision = block.revisions[row]!;
    const subject = this.#subjects[block.window]![key]!;
    const messageId = `${subject}|${spec.lengthMs}|${block.end}|${revision}`;
    return {
      subject,
      messageId,
      payload: encoder.encode(JSON.stringify(this.#window(block, row))),
      headers: cloudEventHeaders({
        id: messageId,
        source: '/processors/density',
        type: 'tidewatch.win.density.v1',
        epochMs: block.end,
        dataSchema: 'win.density',
      }),
    };
  }

  #window(block: WindowBlock, row: number): DensityWindow {
    const zone = this.#venue.zones[block.keys[row]!]!;
    const value = (name: string): number => block.values[name]![row]!;
    const observed = value(`${PERSONS}.ticks`) > 0;
    const mean = value(`${PERSONS}.mean`);
    const max = value(`${PERSONS}.max`);
    return {
      metric: 'density',
      org: this.#venue.org,
      venue: this.#venue.id,
      key: zone.id,
      level: zone.level,
      start: block.start,
      end: block.end,
      hopMs: this.#specs[block.window]!.hopMs,
      revision: block.revisions[row]!,
      completeness: orNull(block.completeness[row]!),
      silent: block.silent[row]!.map((source) => this.#sources[source]!),
      count: observed ? { mean, max } : null,
      density: observed ? { mean: mean / zone.areaM2, max: max / zone.areaM2 } : null,
      speed: orNull(value(SPEED)),
      levelOfService: observed
        ? levelByDensity(mean / zone.areaM2, standing(zone) ? 'standing' : 'walking')
        : null,
      // The operator counts as unknown what nobody observed; as a number of samples that is none.
      samples: observed ? value(SAMPLES) : 0,
      ticks: observed ? value(`${PERSONS}.ticks`) : 0,
    };
  }
}

/** NaN, the operator's word for unknown, as JSON's. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** People who stand or sit are comfortable closer together than people who walk. */
function standing(zone: Zone): boolean {
  return zone.use === 'standing' || zone.use === 'seated';
}
