// The cameras of the live benches as a process of their own: sends the hall's frames at the rate it is told, with event time
// that goes on from order to order. Argument: the server's address. Orders and reports: LiveOrder, LiveReport.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '#streams/connect.ts';
import { Publisher } from '#streams/publish.ts';
import { decodeTracks, encodeTracks, tracksMessageId } from '#streams/schema/tracks.ts';
import { FRAMES_PER_SECOND, hall, hallMessages } from './hall.ts';
import { isOrder, LIVE_VENUE, type LiveReport, SENT_HEADER, START_MS } from './live-protocol.ts';

/** Pictures per camera; then they begin again, under new times. Making them is no part of what is measured. */
const PICTURES = 25;
/** Sent at a time: a timer cannot be more exact. */
const SLICE_MS = 2;

const nc = await connect({ servers: process.argv[2]!, name: 'bench cameras' });
const publisher = new Publisher(nc, { maxMessages: 4_096 });
const venue = hall(LIVE_VENUE);
const cameras = venue.cameras.length;
const pictures = [...hallMessages(venue, cameras * PICTURES)].map(({ subject, payload }) => ({
  subject,
  frame: decodeTracks(payload),
}));
let next = 0;

async function sendOne(): Promise<void> {
  const picture = pictures[next % pictures.length]!;
  const seq = Math.floor(next / cameras);
  const epochMs = START_MS + Math.round((seq * 1_000) / FRAMES_PER_SECOND);
  const frame = { ...picture.frame, epochMs, seq };
  const last = next % cameras === cameras - 1;
  next++;
  const waiting = publisher.publish({
    subject: picture.subject,
    payload: encodeTracks(frame),
    messageId: tracksMessageId(picture.subject, frame),
    ...(last && { headers: { [SENT_HEADER]: String(process.hrtime.bigint()) } }),
  });
  if (waiting !== undefined) await waiting;
}

async function sendFor(seconds: number, framesPerS: number): Promise<LiveReport> {
  const from = performance.now();
  let sent = 0;
  for (;;) {
    const elapsed = performance.now() - from;
    if (elapsed >= seconds * 1_000) break;
    const due = Math.floor((elapsed / 1_000) * framesPerS);
    while (sent < due) {
      await sendOne();
      sent++;
      // What cannot be sent in time is not caught up beyond the end.
      if (sent % 512 === 0 && performance.now() - from >= seconds * 1_000) break;
    }
    await delay(SLICE_MS);
  }
  await publisher.flush();
  return { sent, total: next, seconds: (performance.now() - from) / 1_000 };
}

process.on('message', (order) => {
  if (!isOrder(order)) throw new TypeError(`not an order: ${JSON.stringify(order)}`);
  void sendFor(order.seconds, order.framesPerS).then((report) => process.send!(report));
});
process.once('disconnect', () => process.exit(0));
process.send!({ sent: 0, total: 0, seconds: 0 } satisfies LiveReport);
