// The stream every contestant of bench/window gets: cameras that each see their share of the zones, frames of persons.
import type { WindowConfig, WindowFrame } from '#processors/window/index.ts';

export const EPOCH_MS = 1_700_000_000_000;
/** Frames fall here within their period, never on a window boundary, so that no contestant needs a rule for ties. */
export const PHASE_MS = 37;

export interface Workload {
  readonly zones: number;
  readonly cameras: number;
  /** Frames per second of each camera. */
  readonly rateHz: number;
  readonly personsPerFrame: number;
  readonly seconds: number;
}

export function samplesOf(work: Workload): number {
  return work.cameras * work.rateHz * work.personsPerFrame * work.seconds;
}

export function windowConfig(work: Workload, lengthMs: number, hopMs: number): WindowConfig {
  return {
    paneMs: 1000,
    windows: [{ name: 'w', lengthMs, hopMs }],
    sources: Array.from({ length: work.cameras }, (_, c) => ({
      name: `cam-${c}`,
      kind: 'frames' as const,
      rateHz: work.rateHz,
    })),
    keys: Array.from({ length: work.zones }, (_, z) => ({ name: `zone-${z}`, sources: [z % work.cameras] })),
    columns: [],
    aggregates: { persons: { kind: 'tickMean' } },
    disorderMs: 200,
    latenessMs: 5000,
    idleMs: 3000,
    futureMs: 5000,
  };
}

const VARIANTS = 16;

/** Zone indexes per camera and variant of frame, reused through the stream: making them is not what is measured. */
export function zoneColumns(work: Workload): Int32Array[][] {
  // Lehmer generator (Park and Miller, 1988): the same stream for every contestant and run.
  let state = 12_345;
  const zonesPerCamera = Math.floor(work.zones / work.cameras);
  return Array.from({ length: work.cameras }, (_, camera) =>
    Array.from({ length: VARIANTS }, () =>
      Int32Array.from({ length: work.personsPerFrame }, () => {
        state = (state * 48_271) % 2_147_483_647;
        return (state % zonesPerCamera) * work.cameras + camera;
      }),
    ),
  );
}

/** Calls back with each frame in order of time: event time relative to the start, ms, camera, zones of its persons. */
export function eachFrame(
  work: Workload,
  columns: readonly (readonly Int32Array[])[],
  visit: (atMs: number, camera: number, zones: Int32Array) => void,
): void {
  const periodMs = 1000 / work.rateHz;
  const frames = work.seconds * work.rateHz;
  for (let f = 0; f < frames; f++) {
    const atMs = f * periodMs + PHASE_MS;
    for (let camera = 0; camera < work.cameras; camera++)
      visit(atMs, camera, columns[camera]![f % VARIANTS]!);
  }
}

export function asFrame(atMs: number, camera: number, zones: Int32Array): WindowFrame {
  return { source: camera, epochMs: EPOCH_MS + atMs, n: zones.length, keys: zones, columns: [] };
}
