// The density processor of the live benches as a process of its own, in one thread. Argument: the server's address. It answers
// each message with its health.
import { jetstreamManager } from '@nats-io/jetstream';
import { densityProcessor } from '#processors/density/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { hall } from './hall.ts';
import { LIVE_BOUNDS, LIVE_VENUE, type LiveHealth } from './live-protocol.ts';

const nc = await connect({ servers: process.argv[2]!, name: 'bench density' });
const runner = await runProcessor(densityProcessor(hall(LIVE_VENUE), LIVE_BOUNDS), {
  nc,
  jsm: await jetstreamManager(nc),
  metrics: new MetricsRegistry(),
});
function health(): LiveHealth {
  const { user, system } = process.cpuUsage();
  return {
    messages: runner.health.messages,
    rssMb: process.memoryUsage.rss() / 2 ** 20,
    cpuS: (user + system) / 1e6,
  };
}
process.on('message', () => process.send!(health()));
process.once('disconnect', () => process.exit(0));
process.send!(health());
await runner.done;
