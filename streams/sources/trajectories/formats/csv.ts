// CSV with a header that names its columns. The sets whose columns are known by name (Grand Central, MADRAS, the PETS
// sequence vtest) bring their frame rate; any other file with id, frame and a position says unit and rate by option.
import { project } from '../homography.ts';
import type { FormatName, LengthUnit } from '../types.ts';
import { METRES_PER } from '../types.ts';
import type { Row, TrajectoryFormat } from './format.ts';
import { firstFields, isNumeric, toNumber } from './format.ts';

const columnNames = (head: readonly string[]): string[] =>
  firstFields(head, 'comma').map((name) => name.trim().replaceAll('"', '').toLowerCase());

function namedCsv(
  name: FormatName,
  title: string,
  columns: readonly string[],
  known?: { framesPerSecond: number; because: string },
): TrajectoryFormat {
  return {
    name,
    title,
    matches(head) {
      const names = columnNames(head);
      if (known === undefined) {
        return names.includes('id') && names.includes('frame') && !names.every(isNumeric);
      }
      return names.join() === columns.join();
    },
    plan(head, options) {
      const names = columnNames(head);
      const at = (wanted: string): number => names.indexOf(wanted);
      const id = at('id');
      const frame = at('frame');
      const position = locate(names);
      if (id < 0 || frame < 0 || position === undefined) {
        return {
          reason: `its first line names the columns ${names.join(', ')}`,
          remedy: 'name id, frame and x_m,y_m (or x,y, or px,py, or left,top,width,height) in the first line',
        };
      }
      const rate = options.framesPerSecond ?? known?.framesPerSecond;
      if (rate === undefined) {
        return {
          reason: 'nothing in it says the frame rate',
          remedy: 'give --fps, the number of frames per second',
        };
      }
      const { homography } = options;
      if (position.kind !== 'floor' && homography === undefined) {
        return {
          reason: 'positions are pixels, and nothing brings them to the floor',
          remedy: 'give --homography FILE, a 3x3 matrix from pixels to metres',
        };
      }
      const unit = options.unit ?? (position.kind === 'floor' ? position.unit : 'm');
      if (unit === undefined) {
        return { reason: 'columns x and y name no unit', remedy: 'give --unit m or --unit cm' };
      }
      const scale = METRES_PER[unit];
      const least = Math.max(id, frame, ...position.columns) + 1;
      const confidence = at('confidence');
      return {
        separator: 'comma',
        headerLines: 1,
        framesPerSecond: rate,
        hasVelocity: false,
        notes: [
          position.kind === 'floor' ? `positions in ${unit}` : 'positions from pixels by the homography',
          ...(options.framesPerSecond === undefined && known ? [`${rate} frames/s (${known.because})`] : []),
        ],
        read(fields, row) {
          if (fields.length < least)
            return { problem: `${fields.length} columns, where ${names.length} are named` };
          row.id = toNumber(fields[id]);
          row.frame = toNumber(fields[frame]);
          if (confidence >= 0) row.confidence = toNumber(fields[confidence]);
          const [a, b, c, d] = position.columns.map((column) => toNumber(fields[column]));
          if (position.kind === 'floor') place(row, a! * scale, b! * scale);
          else if (position.kind === 'pixel') placeAt(row, project(homography!, a!, b!));
          else placeAt(row, project(homography!, a! + c! / 2, b! + d!));
          return 'ok';
        },
      };
    },
  };
}

type Position =
  | { kind: 'floor'; columns: number[]; unit: LengthUnit | undefined }
  | { kind: 'pixel' | 'box'; columns: number[] };

/** Which columns hold the position, the floor before pixels. */
function locate(names: readonly string[]): Position | undefined {
  const find = (...wanted: string[]): number[] | undefined => {
    const columns = wanted.map((name) => names.indexOf(name));
    return columns.every((at) => at >= 0) ? columns : undefined;
  };
  for (const unit of ['m', 'cm', 'mm'] as const) {
    const columns = find(`x_${unit}`, `y_${unit}`);
    if (columns) return { kind: 'floor', columns, unit };
  }
  const plain = find('x', 'y');
  if (plain) return { kind: 'floor', columns: plain, unit: undefined };
  const pixel = find('px', 'py');
  if (pixel) return { kind: 'pixel', columns: pixel };
  const box = find('left', 'top', 'width', 'height');
  return box && { kind: 'box', columns: box };
}

function place(row: Row, x: number, y: number): void {
  row.x = x;
  row.y = y;
}
const placeAt = (row: Row, point: { x: number; y: number }): void => place(row, point.x, point.y);

/** Grand Central (Yi, Li, Wang 2015): frame numbers of 25 fps video, annotated every 20 frames (0.8 s). */
export const grandCentral = namedCsv(
  'grand-central',
  'Grand Central CSV: id,frame,px,py,x_m,y_m',
  ['id', 'frame', 'px', 'py', 'x_m', 'y_m'],
  { framesPerSecond: 25, because: 'frame numbers of the Grand Central video' },
);
/** MADRAS top views of the Festival of Lights, Lyon 2022. */
export const madras = namedCsv(
  'madras',
  'MADRAS CSV: frame,id,x_m,y_m,lon_wgs84,lat_wgs84',
  ['frame', 'id', 'x_m', 'y_m', 'lon_wgs84', 'lat_wgs84'],
  { framesPerSecond: 30, because: 'the MADRAS top views' },
);
/** PETS 2009 S2.L1: recorded at 7 fps, though the video file's header says 10. */
export const vtest = namedCsv(
  'vtest',
  'vtest CSV: frame,id,left,top,width,height,x_m,y_m',
  ['frame', 'id', 'left', 'top', 'width', 'height', 'x_m', 'y_m'],
  { framesPerSecond: 7, because: 'PETS 2009 was recorded at 7, though the header of its video says 10' },
);
export const csv = namedCsv(
  'csv',
  'CSV with a header: id,frame and x,y | x_m,y_m | px,py | left,top,width,height',
  [],
);
