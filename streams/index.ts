// What is on the wire, and how to put it there and take it off again.
export { apply, describePlan, plan } from './apply.ts';
export { batches } from './batches.ts';
export { type ConnectOptions, connect, OLDEST_SERVER } from './connect.ts';
export {
  type AckPoint,
  type Batch,
  BatchConsumer,
  type ConsumerOptions,
  type RawMessage,
} from './consume.ts';
export { isStreamsError, messageOf, StreamsError, type StreamsErrorCode } from './errors.ts';
export { type Counter, type Gauge, type Histogram, MetricsRegistry } from './metrics.ts';
export { checkPosition, parseDelivery, START, type StreamPosition } from './position.ts';
export { type OutgoingMessage, Publisher, type PublisherCounts, type PublisherOptions } from './publish.ts';
export { BAD_HEADER, quarantineMessage, quarantineSubject } from './quarantine.ts';
export * from './subjects.ts';
export {
  BUCKET,
  STREAM,
  type StreamDeclaration,
  streamOfSubject,
  subjectMatches,
  topology,
} from './topology.ts';
