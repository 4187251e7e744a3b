// `tidewatch doctor`: what is there, what differs, what is missing, each with the line that mends it. Changes nothing.
import { jetstreamManager } from '@nats-io/jetstream';
import type { Command } from 'commander';
import { describePlan, plan } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { messageOf } from '#streams/errors.ts';
import { findServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { VenueStore } from '#streams/venues.ts';
import { natsOption } from '../context.ts';

/** Older ones lack what the product is built with. */
const OLDEST_NODE = [20, 19] as const;
/** A live venue sends a clock frame every second. */
const QUIET_AFTER_MS = 10_000;

type Finding = { readonly ok: boolean; readonly what: string };

export function register(program: Command): void {
  program
    .command('doctor')
    .description('look at this machine and at the server: what is there, what differs, what is missing')
    .addOption(natsOption())
    .action(async (options: { nats: string }) => {
      const findings = [node(), await serverProgram(), ...(await server(options.nats))];
      for (const { ok, what } of findings) console.log(`${ok ? 'ok     ' : 'MISSING'} ${what}`);
      if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return {
    ok,
    what: `Node ${process.versions.node}${ok ? '' : `: install ${OLDEST_NODE.join('.')} or newer`}`,
  };
}

async function serverProgram(): Promise<Finding> {
  try {
    const found = await findServer({ download: false });
    const what =
      found.kind === 'external' ? `NATS server: NATS_URL ${found.url}` : `NATS server: ${found.path}`;
    return { ok: true, what };
  } catch (error) {
    return { ok: false, what: messageOf(error) };
  }
}

async function server(url: string): Promise<Finding[]> {
  let nc: Awaited<ReturnType<typeof connect>>;
  try {
    nc = await connect({ servers: url, name: 'tidewatch doctor' });
  } catch (error) {
    return [{ ok: false, what: messageOf(error) }];
  }
  try {
    const jsm = await jetstreamManager(nc);
    const differences = describePlan(await plan(jsm, topology()));
    const findings: Finding[] = [{ ok: true, what: `server ${nc.info?.version ?? '?'} answers at ${url}` }];
    if (differences.length > 0) {
      findings.push({
        ok: false,
        what: `streams differ from the table; "tidewatch up" applies it:\n  ${differences.join('\n  ')}`,
      });
      return findings;
    }
    findings.push({ ok: true, what: 'streams are as in the table' });
    const venues = await (await VenueStore.open(nc)).keys();
    findings.push({ ok: venues.length > 0, what: `${venues.length} venues stored` });
    for (const stream of [STREAM.tracks, STREAM.derived, STREAM.quarantine]) {
      const { state } = await jsm.streams.info(stream);
      const last = state.messages === 0 ? Number.NaN : Date.now() - Date.parse(state.last_ts);
      const age = Number.isNaN(last) ? 'none yet' : `newest ${(last / 1000).toFixed(0)} s ago`;
      const quiet = stream !== STREAM.quarantine && !(last < QUIET_AFTER_MS);
      const mend = quiet
        ? stream === STREAM.tracks
          ? ': no source is sending'
          : ': no processor is working'
        : '';
      findings.push({ ok: !quiet, what: `${stream}: ${state.messages} messages, ${age}${mend}` });
    }
    return findings;
  } finally {
    await nc.close();
  }
}
