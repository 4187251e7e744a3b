// The one table of what JetStream holds: every stream and key-value bucket with its limits and the reason for them.
// apply.ts makes a server equal to it; nothing else in the project creates a stream.
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from '@nats-io/jetstream';
import { CLOCK_SOURCE } from './subjects.ts';

const SECOND_NS = 1_000_000_000;
const MINUTE_NS = 60 * SECOND_NS;
const HOUR_NS = 60 * MINUTE_NS;
const DAY_NS = 24 * HOUR_NS;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** The part of a stream's configuration the table speaks for; what it does not name is the server's default. */
export type DeclaredConfig = Pick<
  StreamConfig,
  | 'name'
  | 'subjects'
  | 'retention'
  | 'storage'
  | 'max_age'
  | 'max_bytes'
  | 'max_msgs_per_subject'
  | 'discard'
  | 'duplicate_window'
  | 'num_replicas'
  | 'allow_direct'
  | 'allow_rollup_hdrs'
  | 'deny_delete'
  | 'deny_purge'
> &
  Pick<
    Partial<StreamConfig>,
    'allow_atomic' | 'allow_msg_ttl' | 'subject_delete_marker_ttl' | 'compression' | 'sources' | 'republish'
  >;

export interface StreamDeclaration {
  readonly config: DeclaredConfig;
  /** Why the stream exists apart from the others, with these limits. */
  readonly reason: string;
  /** Set for a key-value bucket: its name without the `KV_` of its stream. */
  readonly bucket?: string;
}

export interface TopologyOptions {
  /** Copies of every stream: 1 on one server, 3 on a cluster. */
  readonly replicas?: number;
  /** Bytes all bounded streams together may take; their limits shrink in proportion to fit. Default: as in the table. */
  readonly storageBytes?: number;
}

export const STREAM = {
  tracks: 'OBS_TRACKS',
  events: 'OBS_EVENTS',
  faces: 'OBS_FACES',
  derived: 'DERIVED',
  grid: 'GRID',
  fused: 'FUSED',
  ledger: 'LEDGER',
  quarantine: 'QUARANTINE',
  replay: 'REPLAY',
} as const;

/** Key-value buckets by what they keep. */
export const BUCKET = { venues: 'VENUES', checkpoints: 'CHECKPOINTS', leases: 'LEASES' } as const;

const bounded = {
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  max_msgs_per_subject: -1,
  // A full stream forgets its oldest; refusing new observations would blind the wall.
  discard: DiscardPolicy.Old,
  // Covers a publisher's retries through a server restart. Longer windows cost memory per message id.
  duplicate_window: 2 * MINUTE_NS,
  allow_direct: true,
  allow_rollup_hdrs: false,
  deny_delete: false,
  deny_purge: false,
};

/** A bucket's stream, in the form key-value clients expect. */
function bucket(
  name: string,
  limits: { history: number; maxBytes: number; ttlMarkers?: boolean },
  reason: string,
): StreamDeclaration {
  return {
    bucket: name,
    reason,
    config: {
      name: `KV_${name}`,
      subjects: [`$KV.${name}.>`],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      max_age: 0,
      max_bytes: limits.maxBytes,
      max_msgs_per_subject: limits.history,
      discard: DiscardPolicy.New,
      duplicate_window: 2 * MINUTE_NS,
      num_replicas: 1,
      allow_direct: true,
      allow_rollup_hdrs: true,
      deny_delete: true,
      deny_purge: false,
      ...(limits.ttlMarkers ? { allow_msg_ttl: true, subject_delete_marker_ttl: MINUTE_NS } : {}),
    },
  };
}

const TABLE: readonly StreamDeclaration[] = [
  {
    reason: 'the bulk of the input (240 kB/s per 1,000 persons at 10 Hz); a day of it can be replayed',
    config: {
      ...bounded,
      name: STREAM.tracks,
      subjects: ['obs.tracks.>'],
      max_age: DAY_NS,
      max_bytes: 8 * GIB,
      num_replicas: 1,
    },
  },
  {
    reason: 'gates, doors, fences, business and health: small, and kept for the 30-day look back',
    config: {
      ...bounded,
      name: STREAM.events,
      subjects: ['obs.counts.>', 'obs.access.>', 'obs.fence.>', 'obs.business.>', 'obs.health.>'],
      max_age: 30 * DAY_NS,
      max_bytes: GIB,
      num_replicas: 1,
    },
  },
  {
    reason:
      'face templates are personal data: the shortest retention that still survives a restart of the matcher',
    config: {
      ...bounded,
      name: STREAM.faces,
      subjects: ['obs.faces.>'],
      max_age: 15 * MINUTE_NS,
      max_bytes: 256 * MIB,
      num_replicas: 1,
    },
  },
  {
    reason: 'window results: what the wall, the warnings and the historian read; 30 days',
    config: {
      ...bounded,
      name: STREAM.derived,
      subjects: ['win.>', 'match.>', 'anom.>', 'fcst.>', 'late.>'],
      max_age: 30 * DAY_NS,
      max_bytes: 4 * GIB,
      num_replicas: 1,
      compression: StoreCompression.S2,
    },
  },
  {
    reason:
      'rasters are large and can be recomputed from tracks; retention belongs to a stream, so they have their own',
    config: {
      ...bounded,
      name: STREAM.grid,
      subjects: ['grid.>'],
      max_age: 2 * HOUR_NS,
      max_bytes: GIB,
      num_replicas: 1,
      // The server itself copies the venues' programmes: what is usual on a raster depends on the phase of the event.
      sources: [{ name: STREAM.derived, filter_subject: 'win.programme.>' }],
    },
  },
  {
    reason:
      'persons after fusing overlapping views: as bulky as tracks, and computed again from them at will',
    config: {
      ...bounded,
      name: STREAM.fused,
      subjects: ['fused.>'],
      max_age: 2 * HOUR_NS,
      max_bytes: GIB,
      num_replicas: 1,
      // The server itself copies the venues' clocks, so that readers of fused persons know that time goes on when fusion is dead.
      sources: [
        {
          name: STREAM.tracks,
          subject_transforms: [
            {
              src: `obs.tracks.*.*.${CLOCK_SOURCE}`,
              dest: `fused.{{wildcard(1)}}.{{wildcard(2)}}.${CLOCK_SOURCE}`,
            },
          ],
        },
      ],
    },
  },
  {
    reason:
      'the legal record: nothing expires and nothing is deleted; a full disk refuses instead of forgetting',
    config: {
      ...bounded,
      name: STREAM.ledger,
      subjects: ['warn.>', 'incident.>', 'plan.>', 'task.>', 'audit.>'],
      max_age: 0,
      max_bytes: -1,
      discard: DiscardPolicy.New,
      deny_delete: true,
      deny_purge: true,
      // Several transitions (an incident, its plan, its tasks) become visible together or not at all.
      allow_atomic: true,
      num_replicas: 1,
    },
  },
  {
    reason:
      'input that could not be read, for the integrator to look at; bounded, so that a broken camera cannot fill the disk',
    config: {
      ...bounded,
      name: STREAM.quarantine,
      subjects: ['bad.>'],
      max_age: 7 * DAY_NS,
      max_bytes: 256 * MIB,
      num_replicas: 1,
    },
  },
  {
    reason:
      'results of replays, each under the subjects of its session: for who asked, and computed again from history at will',
    config: {
      ...bounded,
      name: STREAM.replay,
      subjects: ['replay.>'],
      max_age: 2 * HOUR_NS,
      max_bytes: GIB,
      num_replicas: 1,
      compression: StoreCompression.S2,
    },
  },
  bucket(
    BUCKET.venues,
    { history: 16, maxBytes: 256 * MIB },
    'venue models by organisation and venue; the last 16 versions stay, so that a replay can use the one of its day',
  ),
  bucket(
    BUCKET.checkpoints,
    { history: 1, maxBytes: 2 * GIB },
    "processors' state and input position; generations are keys, so history 1",
  ),
  bucket(
    BUCKET.leases,
    { history: 1, maxBytes: 16 * MIB, ttlMarkers: true },
    'which worker has which venue: keys that expire unless renewed, so that a dead worker holds nothing',
  ),
];

/**
 * The declared streams, with replicas and limits fitted to the installation.
 * Limits keep their proportions when `storageBytes` is less than their sum; none goes below 16 MiB.
 */
export function topology(options: TopologyOptions = {}): readonly StreamDeclaration[] {
  const replicas = options.replicas ?? 1;
  const total = TABLE.reduce((sum, { config }) => sum + Math.max(0, config.max_bytes), 0);
  const share = Math.min(1, (options.storageBytes ?? total) / total);
  return TABLE.map((declaration) => {
    const { config } = declaration;
    const max_bytes =
      config.max_bytes < 0 ? config.max_bytes : Math.max(16 * MIB, Math.floor(config.max_bytes * share));
    return { ...declaration, config: { ...config, num_replicas: replicas, max_bytes } };
  });
}

/** The stream that stores `subject` by the table, or undefined. */
export function streamOfSubject(subject: string): string | undefined {
  return TABLE.find(({ config }) => config.subjects.some((filter) => subjectMatches(filter, subject)))?.config
    .name;
}

/** True when `subject` falls under the NATS filter (`*` one token, `>` one or more at the end). */
export function subjectMatches(filter: string, subject: string): boolean {
  const want = filter.split('.');
  const have = subject.split('.');
  for (let i = 0; i < want.length; i++) {
    if (want[i] === '>') return have.length > i;
    if (i >= have.length || (want[i] !== '*' && want[i] !== have[i])) return false;
  }
  return want.length === have.length;
}
