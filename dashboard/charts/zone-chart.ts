// One zone's last ten minutes and, right of now, its forecast: one line of density (left axis, fixed zero) that opens into
// the 80 % band with its median. The right axis reads the same line in persons.
import uPlot from 'uplot';
import { type ChartColumns, densityTop } from './fan.ts';

export interface ZoneChartOptions {
  readonly parent: HTMLElement;
  readonly densityLabel: string;
  readonly forecastLabel: string;
  /** Walkable area of the zone, m2: persons per p/m2. */
  readonly areaM2: number;
  /** The venue's, for the time axis. */
  readonly timeZone: string;
  /** Length of the time axis before now, ms. */
  readonly spanMs: number;
}

/** What a chart shows besides its lines. */
export interface ChartFrame {
  readonly nowMs: number;
  /** Length of the time axis after now, ms; 0: the chart ends now. */
  readonly aheadMs: number;
  /** A density to draw as a level, p/m2. */
  readonly level: number | null;
}

const AXIS = {
  stroke: '#93a3bf',
  grid: { stroke: '#223049', width: 1 },
  ticks: { stroke: '#223049', width: 1 },
};
const FONT = '11px system-ui, sans-serif';

const LINE = '#8ec5ff';
const BAND = { fill: 'rgba(142, 197, 255, 0.24)', edge: 'rgba(142, 197, 255, 0.55)' };

export class ZoneChart {
  readonly #plot: uPlot;
  readonly #parent: HTMLElement;
  readonly #spanMs: number;
  readonly #resize: ResizeObserver;
  #frame: ChartFrame = { nowMs: 0, aheadMs: 0, level: null };

  constructor({ parent, densityLabel, forecastLabel, areaM2, timeZone, spanMs }: ZoneChartOptions) {
    this.#parent = parent;
    this.#spanMs = spanMs;
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
    this.#plot = new uPlot(
      {
        ...this.#size(),
        legend: { show: false },
        cursor: { show: false },
        padding: [6, 0, 0, 0],
        scales: {
          x: { time: true, auto: false },
          density: {
            range: (_plot, _min, max) => [0, densityTop(max ?? 0)],
          },
          persons: { from: 'density', range: (_plot, min, max) => [min * areaM2, max * areaM2] },
        },
        axes: [
          {
            ...AXIS,
            font: FONT,
            size: 28,
            values: (_plot, times) => times.map((s) => clock.format(s * 1000)),
            space: 60,
          },
          { ...AXIS, font: FONT, scale: 'density', size: 38, space: 26 },
          {
            ...AXIS,
            font: FONT,
            scale: 'persons',
            side: 1,
            size: 40,
            values: (_plot, counts) => counts.map(short),
            space: 26,
            grid: { show: false },
          },
        ],
        series: [
          {},
          { label: densityLabel, scale: 'density', stroke: LINE, width: 2, points: { show: false } },
          {
            label: `${forecastLabel} 10 %`,
            scale: 'density',
            stroke: BAND.edge,
            width: 1,
            points: { show: false },
          },
          {
            label: `${forecastLabel} 50 %`,
            scale: 'density',
            stroke: LINE,
            width: 1.5,
            dash: [5, 4],
            points: { show: false },
          },
          {
            label: `${forecastLabel} 90 %`,
            scale: 'density',
            stroke: BAND.edge,
            width: 1,
            points: { show: false },
          },
        ],
        bands: [{ series: [4, 2], fill: BAND.fill }],
        hooks: { draw: [(plot) => this.#drawFrame(plot)] },
      },
      [[], [], [], [], []],
      parent,
    );
    this.#resize = new ResizeObserver(() => this.#plot.setSize(this.#size()));
    this.#resize.observe(parent);
  }

  setData(columns: ChartColumns, frame: ChartFrame): void {
    this.#frame = frame;
    const { nowMs, aheadMs } = frame;
    this.#plot.batch(() => {
      this.#plot.setData(columns, false);
      this.#plot.setScale('x', { min: (nowMs - this.#spanMs) / 1000, max: (nowMs + aheadMs) / 1000 });
    });
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#plot.destroy();
  }

  /** Where past and future meet, and the level that may be reached. */
  #drawFrame({ ctx, bbox, scales, valToPos }: uPlot): void {
    const { nowMs, aheadMs, level } = this.#frame;
    if (aheadMs === 0) return;
    ctx.save();
    ctx.strokeStyle = 'rgba(230, 237, 248, 0.6)';
    ctx.lineWidth = 1;
    ctx.beginPath();
    const x = Math.round(valToPos(nowMs / 1000, 'x', true)) + 0.5;
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (level !== null && level <= (scales.density?.max ?? 0)) {
      ctx.setLineDash([2, 3]);
      ctx.beginPath();
      const y = Math.round(valToPos(level, 'density', true)) + 0.5;
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  #size(): { width: number; height: number } {
    return {
      width: Math.max(120, this.#parent.clientWidth),
      height: Math.max(60, this.#parent.clientHeight),
    };
  }
}

/** Axis numbers in at most four characters: 900, 1.5k, 12k. */
function short(count: number): string {
  return count < 1000 ? String(count) : `${Number((count / 1000).toFixed(1))}k`;
}
