// Which time a stored or computed message speaks of, without decoding all of it.
import { StreamsError } from '../errors.ts';
import { checkTracksHead } from '../schema/tracks.ts';

interface Described {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const GRID_EPOCH_AT = 32;

/**
 * Event time of a processor's output, UTC epoch ms: of a window its end, of a raster its tick's end, of fused persons the
 * instant they are shown at, of a notice the time that it is about.
 * @throws StreamsError `payload-malformed` for an output that says none: it cannot be replayed; `frame-malformed`
 */
export function eventTimeOf(output: Described): number {
  const time = output.headers?.['ce-time'];
  if (time !== undefined) {
    const epochMs = Date.parse(time);
    if (Number.isFinite(epochMs)) return epochMs;
  } else if (output.subject.startsWith('grid.') && output.payload.byteLength >= GRID_EPOCH_AT + 8) {
    const { buffer, byteOffset, byteLength } = output.payload;
    return new DataView(buffer, byteOffset, byteLength).getFloat64(GRID_EPOCH_AT, true);
  } else if (output.subject.startsWith('fused.')) {
    return checkTracksHead(output.payload).epochMs;
  }
  throw new StreamsError(
    'payload-malformed',
    `an output for ${output.subject} does not say which time it is about`,
    'send it as a CloudEvent with ce-time, as a raster or as fused persons',
  );
}

const decoder = new TextDecoder();
const OPENING_BRACE = 0x7b;

/**
 * Event time of any stored message, by its payload: an observation's, a window's end, a frame's instant. Undefined where it
 * says none that can be read.
 */
export function messageTimeOf({ subject, payload }: Described): number | undefined {
  try {
    const text = payload[0] === OPENING_BRACE;
    if (!text && /^(obs\.tracks|fused)\./.test(subject)) return checkTracksHead(payload).epochMs;
    if (subject.startsWith('grid.')) return eventTimeOf({ subject, payload });
    const value: unknown = JSON.parse(decoder.decode(payload));
    if (typeof value !== 'object' || value === null) return undefined;
    const epochMs = 'end' in value ? value.end : 'epochMs' in value ? value.epochMs : undefined;
    return typeof epochMs === 'number' ? epochMs : undefined;
  } catch {
    // Bytes that cannot be read have no time; who reads them in earnest says so.
    return undefined;
  }
}
