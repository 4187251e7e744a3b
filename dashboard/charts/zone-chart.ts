// One zone's last ten minutes: density (line, left axis, fixed zero) and persons (thin dashed line, right axis).
import uPlot from 'uplot';

export interface ZoneChartOptions {
  readonly parent: HTMLElement;
  readonly densityLabel: string;
  readonly personsLabel: string;
  /** The venue's, for the time axis. */
  readonly timeZone: string;
  /** Length of the time axis, ms. */
  readonly spanMs: number;
}

const AXIS = {
  stroke: '#93a3bf',
  grid: { stroke: '#223049', width: 1 },
  ticks: { stroke: '#223049', width: 1 },
};
const FONT = '11px system-ui, sans-serif';

/** Upper ends a density axis may have, p/m2: safety levels, so that the eye learns them. */
const TOPS = [1, 2, 3.5, 5, 7, 10, 15];

export class ZoneChart {
  readonly #plot: uPlot;
  readonly #parent: HTMLElement;
  readonly #spanMs: number;
  readonly #resize: ResizeObserver;

  constructor({ parent, densityLabel, personsLabel, timeZone, spanMs }: ZoneChartOptions) {
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
            range: (_plot, _min, max) => [0, TOPS.find((top) => top >= (max ?? 0)) ?? Math.ceil(max ?? 0)],
          },
          persons: { range: (_plot, _min, max) => [0, Math.max(10, (max ?? 0) * 1.1)] },
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
          { label: densityLabel, scale: 'density', stroke: '#8ec5ff', width: 2, points: { show: false } },
          {
            label: personsLabel,
            scale: 'persons',
            stroke: '#9aa8c0',
            width: 1,
            dash: [4, 3],
            points: { show: false },
          },
        ],
      },
      [[], [], []],
      parent,
    );
    this.#resize = new ResizeObserver(() => this.#plot.setSize(this.#size()));
    this.#resize.observe(parent);
  }

  /** Columns as TimeSeries.columns gives them; the right edge is `nowMs`. */
  setData(columns: [number[], (number | null)[], (number | null)[]], nowMs: number): void {
    this.#plot.batch(() => {
      this.#plot.setData(columns, false);
      this.#plot.setScale('x', { min: (nowMs - this.#spanMs) / 1000, max: nowMs / 1000 });
    });
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#plot.destroy();
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
