// Zone labels as HTML above the map: crisp in every script, readable by assistive technology through the zone list (the
// labels themselves repeat it and are hidden from it), and updated twice a second at most.
import type { Zone } from '#models/venue/types.ts';
import { densityCss, inkOn } from '../colour/density-scale.ts';
import { byDensity, type ZoneRow } from '../state/zone-row.ts';
import { placeLabels } from './label-places.ts';
import { type LabelText, zoneLabel } from './label-text.ts';
import { labelPoint } from './local-frame.ts';

const SIZES = { full: { width: 124, height: 56 }, small: { width: 58, height: 22 } };

interface LabelElement {
  readonly root: HTMLDivElement;
  readonly name: HTMLElement;
  readonly count: HTMLElement;
  readonly density: HTMLElement;
  readonly los: HTMLElement;
  readonly trust: HTMLElement;
  readonly at: readonly [number, number];
}

export class ZoneLabels {
  readonly #layer: HTMLDivElement;
  readonly #labels = new Map<string, LabelElement>();
  #order: string[] = [];
  #selected: string | null = null;

  constructor(parent: HTMLElement) {
    this.#layer = document.createElement('div');
    this.#layer.className = 'zone-labels';
    this.#layer.setAttribute('aria-hidden', 'true');
    parent.append(this.#layer);
  }

  setZones(zones: readonly Zone[]): void {
    this.#labels.clear();
    this.#layer.replaceChildren();
    this.#order = zones.map((zone) => zone.id);
    for (const zone of zones) {
      const root = document.createElement('div');
      root.className = 'zone-label';
      root.dataset.testid = 'zone-label';
      root.dataset.zone = zone.id;
      root.hidden = true;
      const part = (name: string): HTMLElement => {
        const element = document.createElement('span');
        element.className = name;
        root.append(element);
        return element;
      };
      const label = {
        root,
        name: part('name'),
        los: part('los'),
        count: part('count'),
        density: part('density'),
        trust: part('trust'),
        at: labelPoint(zone.area),
      };
      this.#labels.set(zone.id, label);
      this.#layer.append(root);
    }
  }

  /** Writes the numbers; touches only text that changed. */
  setRows(rows: readonly ZoneRow[], text: LabelText): void {
    const here = rows.filter((row) => this.#labels.has(row.zone.id)).sort(byDensity);
    this.#order = here.map((row) => row.zone.id);
    for (const row of here) {
      const label = this.#labels.get(row.zone.id)!;
      const shown = zoneLabel(row, text);
      write(label.name, shown.name);
      write(label.count, shown.count);
      write(label.density, shown.density);
      write(label.los, shown.levelOfService);
      write(label.trust, shown.trust);
      label.root.dataset.status = row.status;
      const known = row.density !== null;
      label.los.style.backgroundColor = known ? densityCss(row.density) : '';
      label.los.style.color = known ? inkOn(row.density) : '';
    }
  }

  select(zoneId: string | null): void {
    if (this.#selected !== null) this.#labels.get(this.#selected)?.root.classList.remove('selected');
    this.#selected = zoneId;
    if (zoneId !== null) this.#labels.get(zoneId)?.root.classList.add('selected');
  }

  /** Puts the labels where they belong; the selected and the densest zones first. */
  place(project: (x: number, y: number) => readonly [number, number], width: number, height: number): void {
    const first = this.#selected;
    const order = first === null ? this.#order : [first, ...this.#order.filter((id) => id !== first)];
    const candidates = order.flatMap((id) => {
      const label = this.#labels.get(id);
      if (label === undefined) return [];
      const [x, y] = project(label.at[0], label.at[1]);
      return [{ id, x, y }];
    });
    const placed = new Map(
      placeLabels(candidates, SIZES, { width, height }).map((place) => [place.id, place]),
    );
    for (const [id, { root }] of this.#labels) {
      const place = placed.get(id);
      root.hidden = place === undefined;
      if (place === undefined) continue;
      root.dataset.form = place.form;
      const size = SIZES[place.form];
      root.style.transform = `translate(${Math.round(place.x - size.width / 2)}px, ${Math.round(place.y - size.height / 2)}px)`;
    }
  }

  destroy(): void {
    this.#layer.remove();
  }
}

function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
