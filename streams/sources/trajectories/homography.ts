// From image pixels to the floor: a 3x3 matrix read from a text file of numbers or a JSON file.
import { readFile } from 'node:fs/promises';
import type { Homography } from './types.ts';
import { TrajectoryError } from './types.ts';

/**
 * Reads nine numbers, row by row: as text (`H.txt`), or as JSON, a 3x3 array or an object whose only value is one.
 * The matrix takes (px, py, 1), px to the right and py downwards, to (x w, y w, w) in metres.
 */
export async function readHomography(file: string): Promise<Homography> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new TrajectoryError({ file }, 'cannot be opened', 'check the path of the homography', error);
  }
  const trimmed = text.trim();
  const numbers = /^[[{]/.test(trimmed) ? fromJson(trimmed) : trimmed.split(/[\s,;]+/).map(Number);
  if (numbers.length !== 9 || !numbers.every(Number.isFinite)) {
    throw new TrajectoryError({ file }, 'does not hold nine numbers', 'write a 3x3 matrix, row by row');
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = numbers;
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (determinant === 0) {
    throw new TrajectoryError(
      { file },
      'is singular',
      'calibrate the camera again: no floor can be read off it',
    );
  }
  return [a, b, c, d, e, f, g, h, i];
}

function fromJson(text: string): number[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return []; // reported by the caller as "does not hold nine numbers"
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const values = Object.values(value);
    if (values.length === 1) value = values[0];
  }
  return Array.isArray(value) ? value.flat(2).map((n) => (typeof n === 'number' ? n : Number.NaN)) : [];
}

/** The floor point of a pixel, metres; not finite for a pixel on the horizon. */
export function project(h: Homography, px: number, py: number): { x: number; y: number } {
  const w = h[6] * px + h[7] * py + h[8];
  return { x: (h[0] * px + h[1] * py + h[2]) / w, y: (h[3] * px + h[4] * py + h[5]) / w };
}
