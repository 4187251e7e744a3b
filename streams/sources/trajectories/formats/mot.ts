// MOT challenge text, `frame,id,left,top,width,height,confidence,…` without a header: boxes in pixels, brought to the
// floor at the middle of their lower edge by a homography. Ground truth of nine columns marks rows not to be counted.
import { project } from '../homography.ts';
import { METRES_PER } from '../types.ts';
import type { TrajectoryFormat } from './format.ts';
import { firstFields, isNumeric, toNumber } from './format.ts';

const PEDESTRIAN_CLASS = 1;

export const mot: TrajectoryFormat = {
  name: 'mot',
  title: 'MOT ground truth, detections or tracks: frame,id,left,top,width,height,…',
  matches(head) {
    const fields = firstFields(head, 'comma');
    return fields.length >= 6 && fields.length <= 10 && fields.every(isNumeric);
  },
  plan(head, options) {
    const sample = firstFields(head, 'comma');
    const hasWorld = sample.length === 10 && sample.slice(7, 9).some((field) => toNumber(field) !== -1);
    const { homography, unit } = options;
    if (homography === undefined && !(hasWorld && unit !== undefined)) {
      return {
        reason: hasWorld
          ? 'positions are pixels; columns 8 and 9 hold floor coordinates in a unit it does not say'
          : 'positions are pixels, and nothing brings them to the floor',
        remedy: hasWorld
          ? 'give --homography FILE, or --unit m|cm|mm to use the floor coordinates of columns 8 and 9'
          : 'give --homography FILE, a 3x3 matrix from pixels to metres',
      };
    }
    if (options.framesPerSecond === undefined) {
      return {
        reason: 'the format does not say the frame rate',
        remedy: "give --fps, for example as the sequence's seqinfo.ini says",
      };
    }
    const scale = METRES_PER[unit ?? 'm'];
    const byClass = sample.length === 9;
    return {
      separator: 'comma',
      headerLines: 0,
      framesPerSecond: options.framesPerSecond,
      hasVelocity: false,
      notes: [
        homography === undefined
          ? `positions from columns 8 and 9 in ${unit}`
          : 'positions from the middle of the lower edge of each box by the homography',
        ...(byClass
          ? ['rows not flagged as counted, or of another class than pedestrian, are left out']
          : []),
      ],
      read(fields, row) {
        if (fields.length < 6) return { problem: `${fields.length} columns, where MOT has at least 6` };
        row.frame = toNumber(fields[0]);
        row.id = toNumber(fields[1]);
        const confidence = toNumber(fields[6]);
        if (byClass) {
          if (confidence === 0 || toNumber(fields[7]) !== PEDESTRIAN_CLASS) return 'ignored';
        } else {
          row.confidence = confidence >= 0 && confidence <= 1 ? confidence : Number.NaN;
        }
        if (homography === undefined) {
          row.x = toNumber(fields[7]) * scale;
          row.y = toNumber(fields[8]) * scale;
        } else {
          const [left, top, width, height] = [2, 3, 4, 5].map((at) => toNumber(fields[at]));
          const foot = project(homography, left! + width! / 2, top! + height!);
          row.x = foot.x;
          row.y = foot.y;
        }
        return 'ok';
      },
    };
  },
};
