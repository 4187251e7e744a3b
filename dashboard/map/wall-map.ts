// The map: one Deck, layers rebuilt only where their data changed, labels as HTML above it.
import { Deck, type Layer, MapView, type MapViewState, WebMercatorViewport } from '@deck.gl/core';
import { pointInPolygon } from '#models/geometry/polygon.ts';
import type { Venue } from '#models/venue/types.ts';
import type { DisplayGrid, People } from '../feed/messages.ts';
import { type Freshness, freshness, type ZoneRow } from '../state/zone-row.ts';
import type { LabelText } from './label-text.ts';
import { cellAt, DensityLayer } from './layers/density-layer.ts';
import { peopleLayer } from './layers/people-layer.ts';
import { floorLayers, planLayers } from './layers/plan-layers.ts';
import { type Marks, marksOfLevel, unusualLayers } from './layers/unusual-layers.ts';
import { type BoundsM, levelBounds, placement, toLocal, toPixel } from './local-frame.ts';
import { ZoneLabels } from './zone-labels.ts';

/** What lies under the pointer. */
export interface Hover {
  readonly px: number;
  readonly py: number;
  /** Local metres. */
  readonly x: number;
  readonly y: number;
  /** The cell's number, p/m2, or a display mark; undefined outside the raster or where there is none. */
  readonly cell: number | undefined;
  /** The zone of this level that holds the point. */
  readonly zoneId: string | undefined;
}

export interface WallMapOptions {
  readonly parent: HTMLDivElement;
  readonly canvasLabel: string;
  readonly onHover: (hover: Hover | null) => void;
  /** A graphics fault, in words. */
  readonly onFault: (text: string) => void;
}

/** Room left around the venue for the read-outs above and the legend below, pixels. */
const PADDING = { side: 24, top: 48, bottom: 72 };

export class WallMap {
  readonly #options: WallMapOptions;
  readonly #deck: Deck<MapView>;
  readonly #canvas: HTMLCanvasElement;
  readonly #labels: ZoneLabels;
  #venue: Venue | null = null;
  #level = 0;
  #floor: Layer[] = [];
  #plan: Layer[] = [];
  #grid: DisplayGrid | null = null;
  #gridFreshness: Freshness = 'live';
  #people: People | null = null;
  /** What is marked on this level, as one text. */
  #marked = '';
  #marks: Layer[] = [];
  #view: MapViewState = { longitude: 0, latitude: 0, zoom: 15 };
  #touched = false;
  #pending = false;
  readonly #resize: ResizeObserver;

  constructor(options: WallMapOptions) {
    this.#options = options;
    const { parent } = options;
    this.#canvas = document.createElement('canvas');
    this.#canvas.tabIndex = 0;
    this.#canvas.setAttribute('role', 'application');
    this.setCanvasLabel(options.canvasLabel);
    parent.append(this.#canvas);
    this.#labels = new ZoneLabels(parent);
    this.#deck = new Deck({
      canvas: this.#canvas,
      width: '100%',
      height: '100%',
      views: new MapView({ id: 'venue', farZMultiplier: 2 }),
      viewState: this.#view,
      controller: {
        dragRotate: false,
        touchRotate: false,
        doubleClickZoom: true,
        keyboard: true,
        inertia: false,
      },
      useDevicePixels: window.devicePixelRatio > 1 ? 2 : 1,
      deviceProps: { type: 'webgl', webgl: { antialias: false } },
      layers: [],
      onViewStateChange: ({ viewState }) => {
        this.#touched = true;
        this.#setView({
          ...(viewState as MapViewState),
          pitch: 0,
          bearing: this.#venue?.anchor.bearingDeg ?? 0,
        });
      },
      onError: (error: Error) => options.onFault(error.message),
    });
    parent.addEventListener('pointermove', this.#onPointerMove);
    parent.addEventListener('pointerleave', this.#onPointerLeave);
    this.#resize = new ResizeObserver(() => {
      if (this.#touched) this.#placeLabels();
      else this.fit();
    });
    this.#resize.observe(parent);
  }

  setCanvasLabel(text: string): void {
    this.#canvas.setAttribute('aria-label', text);
  }

  setVenue(venue: Venue, level: number): void {
    const moved = this.#venue?.id !== venue.id || this.#venue.org !== venue.org || this.#level !== level;
    this.#venue = venue;
    this.#level = level;
    this.#floor = floorLayers(venue, level);
    this.#plan = planLayers(venue, level);
    this.#marked = '';
    this.#marks = [];
    this.#labels.setZones(venue.zones.filter((zone) => zone.level === level));
    if (moved) {
      this.#grid = null;
      this.#people = null;
      this.fit();
    }
    this.#draw();
  }

  setGrid(grid: DisplayGrid | null): void {
    this.#grid = grid;
    this.#draw();
  }

  setPeople(people: People | null): void {
    this.#people = people;
    this.#draw();
  }

  /** Rows and ages of the moment: labels, and whether raster and persons are still the present. */
  tick(rows: readonly ZoneRow[], marks: Marks, text: LabelText, nowMs: number): void {
    this.#labels.setRows(rows, marks.zones, text);
    this.#markUnusual(marks);
    this.#placeLabels();
    const now = this.#grid === null ? 'live' : freshness(nowMs - this.#grid.epochMs);
    if (now !== this.#gridFreshness) {
      this.#gridFreshness = now;
      this.#draw();
    }
    // Dots that have not moved for so long are nowhere.
    if (this.#people !== null && freshness(nowMs - this.#people.epochMs) !== 'live') this.setPeople(null);
  }

  #markUnusual(marks: Marks): void {
    const venue = this.#venue;
    if (venue === null) return;
    const here = marksOfLevel(venue, this.#level, marks);
    const marked = here.names.join(' ');
    if (marked === this.#marked) return;
    this.#marked = marked;
    this.#marks = unusualLayers(venue, here);
    this.#options.parent.dataset.unusual = marked;
    this.#draw();
  }

  select(zoneId: string | null): void {
    this.#labels.select(zoneId);
    this.#placeLabels();
  }

  /** Shows the whole level. */
  fit(): void {
    const venue = this.#venue;
    const floor = venue?.levels.find((level) => level.ordinal === this.#level);
    if (venue === null || floor === undefined) return;
    this.#touched = false;
    this.#fitBounds(levelBounds(floor));
  }

  zoomBy(levels: number): void {
    this.#touched = true;
    this.#setView({ ...this.#view, zoom: Math.min(23, Math.max(12, this.#view.zoom + levels)) });
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#options.parent.removeEventListener('pointermove', this.#onPointerMove);
    this.#options.parent.removeEventListener('pointerleave', this.#onPointerLeave);
    this.#deck.finalize();
    this.#labels.destroy();
    this.#canvas.remove();
  }

  #fitBounds([x0, y0, x1, y1]: BoundsM): void {
    const { anchor } = this.#venue!;
    const { clientWidth: width, clientHeight: height } = this.#options.parent;
    if (width <= 2 * PADDING.side || height <= PADDING.top + PADDING.bottom) return;
    // Pixels per metre at a trial zoom give the zoom that fits.
    const trial = new WebMercatorViewport({
      width,
      height,
      longitude: anchor.longitude,
      latitude: anchor.latitude,
      zoom: 16,
      bearing: anchor.bearingDeg,
    });
    const [ax, ay] = toPixel(trial, anchor, x0, y0);
    const [bx, by] = toPixel(trial, anchor, x1, y1);
    const room = { width: width - 2 * PADDING.side, height: height - PADDING.top - PADDING.bottom };
    const share = Math.max(Math.abs(bx - ax) / room.width, Math.abs(by - ay) / room.height);
    // The view's centre lies below the venue's by half of what the legend takes more than the read-outs.
    const centre = trial.unproject([
      (ax + bx) / 2,
      (ay + by) / 2 + ((PADDING.bottom - PADDING.top) / 2) * share,
    ]);
    this.#setView({
      longitude: centre[0]!,
      latitude: centre[1]!,
      zoom: 16 - Math.log2(share),
      maxZoom: 23,
      minZoom: 12,
      pitch: 0,
      bearing: anchor.bearingDeg,
    });
  }

  #setView(view: MapViewState): void {
    this.#view = view;
    this.#deck.setProps({ viewState: view });
    this.#placeLabels();
  }

  #viewport(): WebMercatorViewport {
    const { clientWidth: width, clientHeight: height } = this.#options.parent;
    return new WebMercatorViewport({ ...this.#view, width: Math.max(1, width), height: Math.max(1, height) });
  }

  #pixelsPerMetre(): number {
    const { pixelsPerMeter } = this.#viewport().getDistanceScales() as { pixelsPerMeter?: number[] };
    return pixelsPerMeter?.[0] ?? 1;
  }

  #placeLabels(): void {
    const { anchor } = this.#venue ?? {};
    if (anchor === undefined) return;
    const viewport = this.#viewport();
    this.#labels.place((x, y) => toPixel(viewport, anchor, x, y), viewport.width, viewport.height);
  }

  /** Gathers all changes of one turn into one set of layers. */
  #draw(): void {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      const venue = this.#venue;
      if (venue === null) return;
      const layers: Layer[] = [...this.#floor];
      const grid = this.#grid;
      if (grid !== null) {
        layers.push(
          new DensityLayer({
            ...placement(venue.anchor),
            id: 'density',
            grid,
            freshness: this.#gridFreshness,
            bounds: [
              grid.originX,
              grid.originY,
              grid.originX + grid.width * grid.cellM,
              grid.originY + grid.height * grid.cellM,
            ],
          }),
        );
      }
      layers.push(...this.#plan, ...this.#marks);
      if (this.#people !== null) layers.push(peopleLayer(venue.anchor, this.#people, this.#pixelsPerMetre()));
      this.#deck.setProps({ layers });
    });
  }

  readonly #onPointerMove = (event: PointerEvent): void => {
    const venue = this.#venue;
    if (venue === null) return;
    const box = this.#options.parent.getBoundingClientRect();
    const px = event.clientX - box.left;
    const py = event.clientY - box.top;
    const [x, y] = toLocal(this.#viewport(), venue.anchor, px, py);
    const grid = this.#gridFreshness === 'unknown' ? null : this.#grid;
    const zone = venue.zones.find(
      (candidate) => candidate.level === this.#level && pointInPolygon(candidate.area, x, y),
    );
    const cell = grid === null ? undefined : cellAt(grid, x, y);
    this.#options.onHover({ px, py, x, y, cell, zoneId: zone?.id });
  };

  readonly #onPointerLeave = (): void => this.#options.onHover(null);
}
