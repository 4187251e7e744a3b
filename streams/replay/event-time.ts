// Which time a stored or computed message speaks of, without decoding all of it.
import { StreamsError } from '../errors.ts';

interface Described {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const GRID_EPOCH_AT = 32;

/**
 * Event time of a processor's output, UTC epoch ms: of a window its end, of a raster its tick's end, of a notice the time
 * that it is about.
 * @throws StreamsError `payload-malformed` for an output that says none: it cannot be replayed
 */
export function eventTimeOf(output: Described): number {
  const time = output.headers?.['ce-time'];
  if (time !== undefined) {
    const epochMs = Date.parse(time);
    if (Number.isFinite(epochMs)) return epochMs;
  } else if (output.subject.startsWith('grid.') && output.payload.byteLength >= GRID_EPOCH_AT + 8) {
    const { buffer, byteOffset, byteLength } = output.payload;
    return new DataView(buffer, byteOffset, byteLength).getFloat64(GRID_EPOCH_AT, true);
  }
  throw new StreamsError(
    'payload-malformed',
    `an output for ${output.subject} does not say which time it is about`,
    'send it as a CloudEvent with ce-time, or as a raster',
  );
}
