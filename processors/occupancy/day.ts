// Which day of the venue an instant is in, when days begin at a local time other than midnight.

/** Offsets of time zones are whole quarters of an hour, and so are the days they make. */
const SLOT_MS = 900_000;

/**
 * The day of an instant as `YYYY-MM-DD`, days beginning at `startsAt` (`HH:MM`) in `timeZone`. Event time in, no clock read.
 * @throws RangeError for a time zone the platform does not know
 */
export function dayReader(timeZone: string, startsAt: string): (epochMs: number) => string {
  const [hours, minutes] = startsAt.split(':').map(Number);
  const offsetMs = (60 * hours! + minutes!) * 60_000;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  let slot = Number.NaN;
  let day = '';
  return (epochMs) => {
    const shifted = epochMs - offsetMs;
    const now = Math.floor(shifted / SLOT_MS);
    // Formatting takes microseconds, and most events are in the slot of the one before.
    if (now !== slot) {
      slot = now;
      day = format.format(now * SLOT_MS);
    }
    return day;
  };
}
