// Text of PeTrack, JuPedSim, PedPy and JPSreport: `id frame x y [z …]` after comments that may say the frame rate
// (`# framerate: 25 fps`), the columns (`#ID FR X Y Z`) and the unit (`x/m`, `x [in cm]`, `(in metres)`).
import type { LengthUnit } from '../types.ts';
import { METRES_PER } from '../types.ts';
import type { TrajectoryFormat } from './format.ts';
import { firstFields, isComment, isNumeric, toNumber } from './format.ts';

export const text: TrajectoryFormat = {
  name: 'text',
  title: 'text of PeTrack, JuPedSim, PedPy or JPSreport: id frame x y [z]',
  matches(head) {
    const fields = firstFields(head, 'space');
    return fields.length >= 4 && fields.every(isNumeric);
  },
  plan(head, options) {
    const comments = head.filter(isComment);
    const rate = options.framesPerSecond ?? headerRate(comments);
    if (rate === undefined) {
      return {
        reason: 'no comment at its head says the frame rate',
        remedy: 'give --fps, the number of frames per second, or a line "# framerate: 25"',
      };
    }
    const said = headerUnits(comments);
    if (options.unit === undefined && said.length !== 1) {
      const what =
        said.length === 0 ? 'no comment at its head says the unit' : `its head says ${said.join(' and ')}`;
      return { reason: `${what} of the positions`, remedy: 'give --unit m or --unit cm' };
    }
    const unit = options.unit ?? said[0]!;
    const scale = METRES_PER[unit];
    const { id, frame, x, y } = headerColumns(comments);
    const least = Math.max(id, frame, x, y) + 1;
    return {
      separator: 'space',
      headerLines: 0,
      framesPerSecond: rate,
      hasVelocity: false,
      notes: [
        `positions in ${unit} ${options.unit === undefined ? '(the header says so)' : '(as given)'}`,
        ...(options.framesPerSecond === undefined ? [`${rate} frames/s (the header says so)`] : []),
      ],
      read(fields, row) {
        if (fields.length < least)
          return { problem: `${fields.length} columns, where at least ${least} are needed` };
        row.id = toNumber(fields[id]);
        row.frame = toNumber(fields[frame]);
        row.x = toNumber(fields[x]) * scale;
        row.y = toNumber(fields[y]) * scale;
        return 'ok';
      },
    };
  },
};

function headerRate(comments: readonly string[]): number | undefined {
  for (const line of comments) {
    const rate = Number(/frame\s*-?\s*rate\s*[:=]?\s*([0-9]+(?:\.[0-9]*)?)/i.exec(line)?.[1]);
    if (rate > 0) return rate;
  }
  return undefined;
}

/** The units that the comments state for x and y, each once. */
function headerUnits(comments: readonly string[]): LengthUnit[] {
  const found = new Set<LengthUnit>();
  for (const line of comments) {
    for (const match of line.matchAll(/\b[xy]\s*(?:\/\s*|\[\s*(?:in\s+)?|\(\s*(?:in\s+)?)(mm|cm|m)\b/gi)) {
      found.add(match[1]!.toLowerCase() as LengthUnit);
    }
    const words = /\bin\s+(centi|milli)?met(?:er|re)s?\b/i.exec(line);
    if (words) found.add(words[1] === undefined ? 'm' : words[1].toLowerCase() === 'centi' ? 'cm' : 'mm');
  }
  return [...found];
}

/** Places of the columns by the last comment that names them; `id frame x y` where none does. */
function headerColumns(comments: readonly string[]): { id: number; frame: number; x: number; y: number } {
  for (const line of [...comments].reverse()) {
    const names = line
      .replace(/^#+/, '')
      .trim()
      .toLowerCase()
      // "x [in m]" and "x/m" are one name, x
      .replace(/\s*[[(/]\s*(?:in\s+)?(?:mm|cm|m)\s*[\])]?/g, '')
      .split(/[\s,;]+/);
    const place = (...wanted: string[]): number => names.findIndex((name) => wanted.includes(name));
    const columns = {
      id: place('id', 'persid', 'pers_id'),
      frame: place('frame', 'fr'),
      x: place('x'),
      y: place('y'),
    };
    if (Object.values(columns).every((at) => at >= 0)) return columns;
  }
  return { id: 0, frame: 1, x: 2, y: 3 };
}
