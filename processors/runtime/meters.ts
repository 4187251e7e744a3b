// What a runner measures of itself, under names that are the same for every processor.
import type { Counter, Gauge, Histogram, MetricsRegistry } from '#streams/metrics.ts';
import type { PublisherCounts } from '#streams/publish.ts';

/** Inputs this process has put in quarantine. */
export interface SetAsideCounts {
  undecodable: number;
  poisonous: number;
}

const PREFIX = 'tidewatch_processor';

export class RunnerMeters {
  readonly #metrics: MetricsRegistry;
  readonly #labels: { readonly processor: string; readonly partition: string };
  readonly #messages: Counter;
  readonly #batchSeconds: Histogram;
  readonly #batchMessages: Histogram;
  readonly #checkpoints: Counter;
  readonly #checkpointSeconds: Histogram;
  readonly #snapshotSeconds: Histogram;
  readonly #writtenBytes: Counter;
  readonly #unmatched: Counter;

  constructor(metrics: MetricsRegistry, processor: string, partition: string) {
    const labels = { processor, partition };
    this.#metrics = metrics;
    this.#labels = labels;
    this.#messages = metrics.counter(`${PREFIX}_messages_total`, 'Input messages worked through', labels);
    this.#batchSeconds = metrics.histogram(`${PREFIX}_batch_seconds`, 'Time to work through a batch', labels);
    this.#batchMessages = metrics.histogram(
      `${PREFIX}_batch_messages`,
      'Messages per batch',
      labels,
      [1, 4, 16, 64, 256, 1024, 4096],
    );
    this.#checkpoints = metrics.counter(`${PREFIX}_checkpoints_total`, 'Checkpoints written', labels);
    this.#checkpointSeconds = metrics.histogram(
      `${PREFIX}_checkpoint_seconds`,
      'From the snapshot to the written checkpoint',
      labels,
    );
    this.#snapshotSeconds = metrics.histogram(
      `${PREFIX}_snapshot_seconds`,
      'Time the snapshot holds up the input',
      labels,
    );
    this.#writtenBytes = metrics.counter(`${PREFIX}_checkpoint_bytes_total`, 'Changed state written', labels);
    this.#unmatched = metrics.counter(
      `${PREFIX}_unmatched_outputs_total`,
      'Outputs stored before a restart that were not computed again: must be 0 unless the server lost input',
      labels,
    );
  }

  batch(messages: number, seconds: number): void {
    this.#messages.add(messages);
    this.#batchSeconds.observe(seconds);
    this.#batchMessages.observe(messages);
  }

  checkpoint(of: {
    seconds: number;
    snapshotSeconds: number;
    stateBytes: number;
    writtenBytes: number;
  }): void {
    this.#checkpoints.add();
    this.#checkpointSeconds.observe(of.seconds);
    this.#snapshotSeconds.observe(of.snapshotSeconds);
    this.#writtenBytes.add(of.writtenBytes);
    this.#gauge('state_bytes', 'Size of the state in the last checkpoint').set(of.stateBytes);
  }

  unmatched(count: number): void {
    this.#unmatched.add(count);
  }

  /** Sampled on a timer: cheap figures that need not be exact to the message. */
  figures(
    lag: number,
    partition: Readonly<Record<string, number>>,
    publisher: PublisherCounts,
    counts: SetAsideCounts,
  ): void {
    this.#gauge('lag_messages', 'Messages stored and not worked through').set(lag);
    this.#gauge('outputs_in_flight', 'Outputs not acknowledged yet').set(publisher.inFlight);
    this.#gauge('outputs_retried', 'Outputs sent again since the last recovery').set(publisher.retried);
    this.#gauge('undecodable_messages', 'Inputs quarantined because they cannot be read').set(
      counts.undecodable,
    );
    this.#gauge('poisonous_messages', 'Inputs quarantined because the processor fails on them').set(
      counts.poisonous,
    );
    for (const [name, value] of Object.entries(partition)) {
      if (name === 'watermarkMs') {
        // The edge, not the engine, compares event time with the wall clock.
        this.#gauge('watermark_delay_seconds', 'Wall clock minus watermark').set((Date.now() - value) / 1000);
      } else {
        this.#gauge(name, 'A figure of the processor itself').set(value);
      }
    }
  }

  #gauge(name: string, help: string): Gauge {
    return this.#metrics.gauge(`${PREFIX}_${name}`, help, this.#labels);
  }
}
