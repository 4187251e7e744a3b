// The formats that are known, the particular before the general: the first that matches the beginning of a file wins.
import { csv, grandCentral, madras, vtest } from './csv.ts';
import type { TrajectoryFormat } from './format.ts';
import { mot } from './mot.ts';
import { obsmat } from './obsmat.ts';
import { text } from './text.ts';

export const FORMATS: readonly TrajectoryFormat[] = [grandCentral, madras, vtest, csv, mot, obsmat, text];
export type { Plan, Row, TrajectoryFormat } from './format.ts';
export { isComment, splitFields } from './format.ts';
