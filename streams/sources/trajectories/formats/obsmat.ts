// obsmat (ETH and UCY pedestrian sets): `frame id x z y vx vz vy`, metres and m/s, one annotation every 0.4 s.
// Frame numbers are those of the video, so the step between annotated frames (6 for ETH, 10 for the others) is 0.4 s.
import { METRES_PER } from '../types.ts';
import type { TrajectoryFormat } from './format.ts';
import { firstFields, isComment, isNumeric, toNumber } from './format.ts';

const ANNOTATIONS_PER_SECOND = 2.5;

export const obsmat: TrajectoryFormat = {
  name: 'obsmat',
  title: 'obsmat of ETH/UCY: frame id x z y vx vz vy',
  matches(head) {
    const fields = firstFields(head, 'space');
    return fields.length === 8 && fields.every(isNumeric) && !head.some(isComment);
  },
  plan(_head, options) {
    const scale = METRES_PER[options.unit ?? 'm'];
    return {
      separator: 'space',
      headerLines: 0,
      framesPerSecond: (step) => step * ANNOTATIONS_PER_SECOND,
      hasVelocity: true,
      notes: [
        `positions in ${options.unit ?? 'm'} ${options.unit === undefined ? '(the format says so)' : '(as given)'}`,
      ],
      read(fields, row) {
        if (fields.length !== 8) return { problem: `${fields.length} columns, where obsmat has 8` };
        row.frame = toNumber(fields[0]);
        row.id = toNumber(fields[1]);
        row.x = toNumber(fields[2]) * scale;
        row.y = toNumber(fields[4]) * scale;
        row.vx = toNumber(fields[5]) * scale;
        row.vy = toNumber(fields[7]) * scale;
        if (Number.isNaN(row.vx) || Number.isNaN(row.vy)) return { problem: 'the velocity is not a number' };
        return 'ok';
      },
    };
  },
};
