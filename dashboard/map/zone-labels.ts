// Zone labels as HTML above the map: crisp in every script, readable by assistive technology through the zone list (the
// labels themselves repeat it and are hidden from it), and updated twice a second at most.
import { boundingBox } from '#models/geometry/polygon.ts';
import type { Zone } from '#models/venue/types.ts';
import { densityCss, inkOn } from '../colour/density-scale.ts';
import type { ZoneOutlook } from '../state/outlook.ts';
import { byScore } from '../state/unusual.ts';
import { byDensity, type ZoneRow } from '../state/zone-row.ts';
import { type Box, placeLabels } from './label-places.ts';
import { type LabelText, zoneLabel } from './label-text.ts';
import { labelPoint } from './local-frame.ts';

/** This many of the densest zones, and of the most unusual ones, keep a whole label. */
const IMPORTANT = 6;
const SIZES = { full: { width: 142, height: 54 }, small: { width: 58, height: 22 } };

interface LabelElement {
  readonly root: HTMLDivElement;
  readonly name: HTMLElement;
  readonly count: HTMLElement;
  readonly density: HTMLElement;
  readonly los: HTMLElement;
  readonly trust: HTMLElement;
  readonly leader: HTMLDivElement;
  readonly at: readonly [number, number];
  /** Two opposite corners of the zone's box, metres. */
  readonly corners: readonly [number, number, number, number];
}

export class ZoneLabels {
  readonly #layer: HTMLDivElement;
  readonly #labels = new Map<string, LabelElement>();
  #order: string[] = [];
  /** Zones whose label is whole even where it stands beside them. */
  #important = new Set<string>();
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
      const leader = document.createElement('div');
      leader.className = 'leader';
      leader.hidden = true;
      const box = boundingBox(zone.area);
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
        leader,
        at: labelPoint(zone.area),
        corners: [box.minX, box.minY, box.maxX, box.maxY] as const,
      };
      this.#labels.set(zone.id, label);
      this.#layer.append(leader, root);
    }
  }

  /** Writes the numbers; touches only text that changed. */
  setRows(rows: readonly ZoneRow[], outlooks: ReadonlyMap<string, ZoneOutlook>, text: LabelText): void {
    const here = rows.filter((row) => this.#labels.has(row.zone.id)).sort(byDensity);
    this.#order = here.map((row) => row.zone.id);
    const alarms = here
      .flatMap(({ zone }) => {
        const alarm = outlooks.get(zone.id)?.alarm ?? null;
        return alarm === null ? [] : [{ id: zone.id, ...alarm }];
      })
      .sort(byScore)
      .map(({ id }) => id);
    this.#important = new Set([...this.#order.slice(0, IMPORTANT), ...alarms.slice(0, IMPORTANT)]);
    for (const row of here) {
      const label = this.#labels.get(row.zone.id)!;
      const alarm = outlooks.get(row.zone.id)?.alarm ?? null;
      const shown = zoneLabel(row, alarm, text);
      label.root.dataset.unusual = String(alarm !== null);
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
      const [ax, ay] = project(label.corners[0], label.corners[1]);
      const [bx, by] = project(label.corners[2], label.corners[3]);
      const box: Box = [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
      return [{ id, x, y, box, important: id === first || this.#important.has(id) }];
    });
    const anchors = new Map(candidates.map(({ id, x, y }) => [id, [x, y] as const]));
    const placed = new Map(
      placeLabels(candidates, SIZES, { width, height }).map((place) => [place.id, place]),
    );
    for (const [id, { root, leader }] of this.#labels) {
      const place = placed.get(id);
      root.hidden = place === undefined;
      leader.hidden = place?.beside !== true;
      if (place === undefined) continue;
      root.dataset.form = place.form;
      root.dataset.beside = String(place.beside);
      const size = SIZES[place.form];
      root.style.transform = `translate(${Math.round(place.x - size.width / 2)}px, ${Math.round(place.y - size.height / 2)}px)`;
      if (place.beside) drawLeader(leader, anchors.get(id)!, place, size);
    }
  }

  destroy(): void {
    this.#layer.remove();
  }
}

function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A line from the zone's point to the nearest edge of its label. */
function drawLeader(
  leader: HTMLElement,
  [x, y]: readonly [number, number],
  label: { readonly x: number; readonly y: number },
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const dx = Math.min(Math.max(x, label.x - width / 2), label.x + width / 2) - x;
  const dy = Math.min(Math.max(y, label.y - height / 2), label.y + height / 2) - y;
  leader.style.width = `${Math.hypot(dx, dy)}px`;
  leader.style.transform = `translate(${x}px, ${y}px) rotate(${Math.atan2(dy, dx)}rad)`;
}
