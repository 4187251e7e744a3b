// Runs processors. A new one implements Processor (processor.ts) and is started with runProcessor().
export { CheckpointStore } from './checkpoint.ts';
export { type Output, PARTITION_METRICS, type Partition, type Processor } from './processor.ts';
export { runProcessor } from './runner.ts';
export type { RunnerHealth, RunnerOptions, Running } from './running.ts';
export { type RxPartitionParts, rxPartition } from './rx-partition.ts';
export { SharedWork, type SharedWorkOptions, type WorkItem } from './shared-work.ts';
export { drainOnSignals } from './signals.ts';
export { workerThreadPays } from './threads.ts';
export type { ProcessorRecipe } from './worker-protocol.ts';
