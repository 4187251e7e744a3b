// Reads a recording of any known format into columns: detect, parse row by row, sort, check, complete with velocities.
import path from 'node:path';
import { MAX_COORDINATE_M } from '#streams/schema/tracks.ts';
import type { Plan, Row, TrajectoryFormat } from './formats/index.ts';
import { FORMATS, isComment, splitFields } from './formats/index.ts';
import { readLines } from './lines.ts';
import type { BadRow, ReadOptions, Trajectories } from './types.ts';
import { TrajectoryError } from './types.ts';
import { centralVelocities, commonFrameStep, MAX_SPEED_MPS } from './velocity.ts';

/** Lines looked at to know the format; comments may be long, so generous. */
const HEAD_LINES = 200;
const MAX_FRAME_RATE = 1000;
const FIRST_BAD_ROWS = 20;

/**
 * Reads `file`, plain or gzip. Positions come out in metres, rows sorted by frame, then id.
 * @throws TrajectoryError naming the file, the line and what to do: unknown format, missing unit, rate or homography,
 *   a row that is malformed or a person twice in a frame (unless `skipBad`), a file without rows
 */
export async function readTrajectories(file: string, options: ReadOptions = {}): Promise<Trajectories> {
  checkRate(file, options.framesPerSecond);
  const lines = readLines(file);
  const head: string[] = [];
  for await (const line of { [Symbol.asyncIterator]: () => ({ next: () => lines.next() }) }) {
    head.push(line);
    if (head.length === HEAD_LINES) break;
  }
  const format = chooseFormat(file, head, options);
  const plan = format.plan(head, options);
  if ('reason' in plan) {
    throw new TrajectoryError({ file }, `read as "${format.title}", ${plan.reason}`, plan.remedy);
  }
  const rows = new RowStore(file, plan, options.skipBad ?? false);
  for (const line of head) rows.take(line);
  for await (const line of lines) rows.take(line);
  return finish(file, format, plan, options, rows);
}

/** The format of a file by its content. @throws TrajectoryError listing the known ones when none fits */
export async function detectFormat(file: string): Promise<TrajectoryFormat['name']> {
  const head: string[] = [];
  for await (const line of readLines(file)) {
    head.push(line);
    if (head.length === HEAD_LINES) break;
  }
  return chooseFormat(file, head, {}).name;
}

function chooseFormat(file: string, head: readonly string[], options: ReadOptions): TrajectoryFormat {
  const found =
    options.format === undefined
      ? FORMATS.find((format) => format.matches(head))
      : FORMATS.find((format) => format.name === options.format);
  if (found) return found;
  const first = head.find((line) => line.trim() !== '' && !isComment(line));
  throw new TrajectoryError(
    { file },
    first === undefined ? 'it holds no rows' : `its first row "${first.slice(0, 80)}" is of no known format`,
    `give one of: ${FORMATS.map((format) => `${format.name} (${format.title})`).join('; ')}`,
  );
}

function checkRate(file: string, rate: number | undefined): void {
  if (rate === undefined || (rate > 0 && rate <= MAX_FRAME_RATE)) return;
  throw new TrajectoryError(
    { file },
    `${rate} frames/s is no frame rate`,
    `give --fps above 0, at most ${MAX_FRAME_RATE}`,
  );
}

/** Rows parsed so far, in growing columns; decides what happens to a bad one. */
class RowStore {
  count = 0;
  ids = new Float64Array(1024);
  frames = new Int32Array(1024);
  lines = new Uint32Array(1024);
  /** x, y, vx, vy, confidence of each row. */
  values = new Float64Array(5 * 1024);
  ignored = 0;
  skippedCount = 0;
  readonly skippedFirst: BadRow[] = [];
  private line = 0;
  private headerLeft: number;
  private readonly file: string;
  private readonly plan: Plan;
  private readonly skipBad: boolean;
  private readonly row: Row = { id: 0, frame: 0, x: 0, y: 0, vx: 0, vy: 0, confidence: 0 };

  constructor(file: string, plan: Plan, skipBad: boolean) {
    this.file = file;
    this.plan = plan;
    this.skipBad = skipBad;
    this.headerLeft = plan.headerLines;
  }

  take(text: string): void {
    this.line++;
    if (text === '' || isComment(text) || text.trim() === '') return;
    if (this.headerLeft > 0) {
      this.headerLeft--;
      return;
    }
    const { row } = this;
    row.vx = row.vy = row.confidence = Number.NaN;
    const result = this.plan.read(splitFields(text, this.plan.separator), row);
    if (result === 'ignored') {
      this.ignored++;
      return;
    }
    const problem = result === 'ok' ? checkRow(row) : result.problem;
    if (problem === undefined) this.add(row);
    else this.bad({ line: this.line, text: text.slice(0, 200), reason: problem });
  }

  /** @throws TrajectoryError unless bad rows are to be skipped */
  bad(row: BadRow): void {
    if (!this.skipBad) {
      throw new TrajectoryError(
        { file: this.file, line: row.line },
        `${row.reason}: "${row.text.slice(0, 80)}"`,
        'mend the row, or leave bad rows out with --skip-bad, which counts them',
      );
    }
    this.skippedCount++;
    if (this.skippedFirst.length < FIRST_BAD_ROWS) this.skippedFirst.push(row);
  }

  private add(row: Row): void {
    if (this.count === this.ids.length) this.grow();
    const i = this.count++;
    this.ids[i] = row.id;
    this.frames[i] = row.frame;
    this.lines[i] = this.line;
    this.values.set([row.x, row.y, row.vx, row.vy, row.confidence], 5 * i);
  }

  private grow(): void {
    const size = 2 * this.ids.length;
    const ids = new Float64Array(size);
    ids.set(this.ids);
    this.ids = ids;
    const frames = new Int32Array(size);
    frames.set(this.frames);
    this.frames = frames;
    const lines = new Uint32Array(size);
    lines.set(this.lines);
    this.lines = lines;
    const values = new Float64Array(5 * size);
    values.set(this.values);
    this.values = values;
  }
}

/** What is wrong with the numbers of a row; undefined when nothing is. Id -1 (no identity) is right. */
function checkRow(row: Row): string | undefined {
  if (!Number.isInteger(row.id) || row.id < -1 || row.id > 0xffffffff)
    return 'the id is no whole number from -1 to 2^32-1';
  if (!Number.isInteger(row.frame) || Math.abs(row.frame) > 0x7fffffff)
    return 'the frame is no whole number below 2^31';
  if (!Number.isFinite(row.x) || !Number.isFinite(row.y)) return 'the position is not two finite numbers';
  if (Math.abs(row.x) > MAX_COORDINATE_M || Math.abs(row.y) > MAX_COORDINATE_M) {
    return `the position (${row.x}, ${row.y}) m is beyond ${MAX_COORDINATE_M} m`;
  }
  if (Math.hypot(row.vx, row.vy) > MAX_SPEED_MPS) return `a speed above ${MAX_SPEED_MPS} m/s`;
  if (!(row.confidence >= 0 && row.confidence <= 1)) row.confidence = Number.NaN;
  return undefined;
}

function finish(
  file: string,
  format: TrajectoryFormat,
  plan: Plan,
  options: ReadOptions,
  rows: RowStore,
): Trajectories {
  const notes = [`read as ${format.title}`, ...plan.notes];
  const anonymous = rows.count > 0 && rows.ids.subarray(0, rows.count).every((id) => id === -1);
  if (anonymous) {
    notes.push('rows have no identity: each is a person of its own, and speeds are unknown');
    for (let i = 0; i < rows.count; i++) rows.ids[i] = i;
  }
  const order = sortedOrder(rows);
  const kept = anonymous ? order : withoutRepeats(rows, order);
  if (kept.length === 0) {
    const why = rows.skippedCount > 0 ? `all of its ${rows.skippedCount} rows are bad` : 'it holds no rows';
    const first = rows.skippedFirst[0];
    throw new TrajectoryError(
      first ? { file, line: first.line } : { file },
      first ? `${why}; the first: ${first.reason}` : why,
      'check that this is the file you mean, or give --format',
    );
  }
  const count = kept.length;
  const columns = {
    count,
    ids: Uint32Array.from(kept, (i) => rows.ids[i]!),
    frames: Int32Array.from(kept, (i) => rows.frames[i]!),
    x: Float64Array.from(kept, (i) => rows.values[5 * i]!),
    y: Float64Array.from(kept, (i) => rows.values[5 * i + 1]!),
  };
  const frameStep = anonymous ? 1 : commonFrameStep(columns);
  const framesPerSecond = frameRate(file, plan, options, frameStep, notes);
  const velocity = plan.hasVelocity
    ? {
        vx: Float32Array.from(kept, (i) => rows.values[5 * i + 2]!),
        vy: Float32Array.from(kept, (i) => rows.values[5 * i + 3]!),
      }
    : centralVelocities(columns, framesPerSecond, frameStep);
  return {
    name: path.basename(file).replace(/(\.(gz|txt|csv|trc|dat))+$/i, ''),
    format: format.name,
    ...columns,
    ...velocity,
    velocities: plan.hasVelocity ? 'file' : 'central-difference',
    confidence: Float32Array.from(kept, (i) => rows.values[5 * i + 4]!),
    identified: !anonymous,
    framesPerSecond,
    frameStep,
    notes,
    ignored: rows.ignored,
    skipped: { count: rows.skippedCount, first: rows.skippedFirst },
  };
}

function frameRate(
  file: string,
  plan: Plan,
  options: ReadOptions,
  frameStep: number,
  notes: string[],
): number {
  const given = options.framesPerSecond;
  const rate =
    given ??
    (typeof plan.framesPerSecond === 'function' ? plan.framesPerSecond(frameStep) : plan.framesPerSecond);
  checkRate(file, rate);
  if (rate === undefined) throw new TrajectoryError({ file }, 'the frame rate is not known', 'give --fps');
  if (given !== undefined) notes.push(`${rate} frames/s (as given)`);
  if (frameStep > 1) {
    notes.push(
      `frame numbers advance by ${frameStep} at ${rate}/s: one observation every ${((1000 * frameStep) / rate).toFixed(1)} ms`,
    );
  }
  return rate;
}

/** Row numbers in order of frame, then id, then line. */
function sortedOrder(rows: RowStore): Uint32Array {
  const { ids, frames, count } = rows;
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let sorted = true;
  for (let i = 1; i < count && sorted; i++) {
    sorted = frames[i - 1]! < frames[i]! || (frames[i - 1]! === frames[i]! && ids[i - 1]! <= ids[i]!);
  }
  return sorted ? order : order.sort((a, b) => frames[a]! - frames[b]! || ids[a]! - ids[b]! || a - b);
}

/** `order` with the first of any rows that hold the same person in the same frame; the others, and those without
 * identity, are bad rows. */
function withoutRepeats(rows: RowStore, order: Uint32Array): Uint32Array {
  const { ids, frames, lines } = rows;
  let kept = 0;
  for (const i of order) {
    if (ids[i] === -1) {
      const reason = 'the row has no identity, where other rows have one';
      rows.bad({ line: lines[i]!, text: `${ids[i]} ${frames[i]}`, reason });
      continue;
    }
    const before = kept === 0 ? undefined : order[kept - 1];
    if (before !== undefined && frames[before] === frames[i] && ids[before] === ids[i]) {
      const reason = `person ${ids[i]} is already in frame ${frames[i]}, by line ${lines[before]}`;
      rows.bad({ line: lines[i]!, text: `${ids[i]} ${frames[i]}`, reason });
    } else {
      order[kept++] = i;
    }
  }
  return order.slice(0, kept);
}
