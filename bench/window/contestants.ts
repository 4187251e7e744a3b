// Mean persons per zone over sliding windows, by the operator and by what one would write instead. Each returns a
// checksum over the full windows, so that all can be seen to have computed the same.
import {
  bufferTime,
  groupBy,
  map,
  mergeMap,
  reduce,
  Subject,
  toArray,
  VirtualTimeScheduler,
  windowTime,
} from 'rxjs';
import { WindowOperator } from '#processors/window/index.ts';
import { asFrame, EPOCH_MS, eachFrame, type Workload, windowConfig } from './workload.ts';

export interface Outcome {
  /** Full windows counted. */
  readonly windows: number;
  /** Sum over them and their zones of mean persons times zone number + 1. */
  readonly checksum: number;
}

type Columns = readonly (readonly Int32Array[])[];
/** Frames per batch: what one pull of a consumer brings. */
const BATCH = 64;

export function operator(work: Workload, columns: Columns, lengthMs: number, hopMs: number): Outcome {
  const engine = new WindowOperator(windowConfig(work, lengthMs, hopMs));
  let windows = 0;
  let checksum = 0;
  const drain = (): void => {
    for (const block of engine.drain().windows) {
      if (block.start < EPOCH_MS) continue;
      windows++;
      const mean = block.values['persons.mean']!;
      for (let i = 0; i < mean.length; i++) checksum += mean[i]! * (block.keys[i]! + 1);
    }
  };
  let inBatch = 0;
  eachFrame(work, columns, (atMs, camera, zones) => {
    engine.push(asFrame(atMs, camera, zones));
    if (++inBatch === BATCH) {
      inBatch = 0;
      drain();
    }
  });
  engine.close();
  drain();
  return { windows, checksum };
}

/** Keeps the frames of the last window and counts all their persons again at every hop. */
export function recompute(work: Workload, columns: Columns, lengthMs: number, hopMs: number): Outcome {
  const held: { atMs: number; zones: Int32Array }[] = [];
  let first = 0;
  let windows = 0;
  let checksum = 0;
  const counts = new Float64Array(work.zones);
  const issue = (end: number): void => {
    while (first < held.length && held[first]!.atMs < end - lengthMs) first++;
    if (first > 100_000) held.splice(0, first).length = first = 0;
    if (end < lengthMs) return;
    counts.fill(0);
    for (let i = first; i < held.length; i++) for (const zone of held[i]!.zones) counts[zone]!++;
    windows++;
    checksum += weigh(work, counts, lengthMs);
  };
  let end = hopMs;
  eachFrame(work, columns, (atMs, _camera, zones) => {
    for (; atMs >= end; end += hopMs) issue(end);
    held.push({ atMs, zones });
  });
  issue(end);
  return { windows, checksum };
}

function weigh(work: Workload, counts: Float64Array, lengthMs: number): number {
  const frames = (lengthMs / 1000) * work.rateHz;
  let sum = 0;
  for (let zone = 0; zone < counts.length; zone++) sum += (counts[zone]! / frames) * (zone + 1);
  return sum;
}

/**
 * Pushes the stream through `pipe` in virtual time: RxJS's time operators run on the stream's own clock, as fast as they
 * can. One action is rescheduled from frame to frame, so that the scheduler's queue holds only the operator's timers.
 */
function inVirtualTime(
  work: Workload,
  columns: Columns,
  connect: (zones: Subject<number>, scheduler: VirtualTimeScheduler) => void,
): void {
  const frames: [number, Int32Array][] = [];
  eachFrame(work, columns, (atMs, _camera, zones) => frames.push([atMs, zones]));
  const scheduler = new VirtualTimeScheduler();
  const zones = new Subject<number>();
  connect(zones, scheduler);
  let next = 0;
  scheduler.schedule(function () {
    for (const now = scheduler.now(); next < frames.length && frames[next]![0] <= now; next++) {
      const persons = frames[next]![1];
      for (let i = 0; i < persons.length; i++) zones.next(persons[i]!);
    }
    if (next < frames.length) this.schedule(undefined, frames[next]![0] - scheduler.now());
    // Left at the end of the last second, for the windows that end there.
    else this.unsubscribe();
  }, frames[0]![0]);
  scheduler.maxFrames = work.seconds * 1000;
  scheduler.flush();
}

export function rxBufferTime(work: Workload, columns: Columns, lengthMs: number, hopMs: number): Outcome {
  let windows = 0;
  let checksum = 0;
  inVirtualTime(work, columns, (zones, scheduler) => {
    zones.pipe(bufferTime(lengthMs, hopMs, scheduler)).subscribe((buffer) => {
      const counts = new Float64Array(work.zones);
      for (const zone of buffer) counts[zone]!++;
      windows++;
      checksum += weigh(work, counts, lengthMs);
    });
  });
  return { windows, checksum };
}

export function rxWindowTime(work: Workload, columns: Columns, lengthMs: number, hopMs: number): Outcome {
  let windows = 0;
  let checksum = 0;
  inVirtualTime(work, columns, (zones, scheduler) => {
    zones
      .pipe(
        windowTime(lengthMs, hopMs, scheduler),
        mergeMap((window) =>
          window.pipe(
            groupBy((zone) => zone),
            mergeMap((group) =>
              group.pipe(
                reduce((count) => count + 1, 0),
                map((count) => [group.key, count] as const),
              ),
            ),
            toArray(),
          ),
        ),
      )
      .subscribe((groups) => {
        const counts = new Float64Array(work.zones);
        for (const [zone, count] of groups) counts[zone] = count;
        windows++;
        checksum += weigh(work, counts, lengthMs);
      });
  });
  return { windows, checksum };
}
