// The NATS server of our own: find a program, run it, or run a cluster of three on this machine.
export { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';
export type { ClusterMember, JetStreamLimits } from './config.ts';
export {
  DataFolderInUseError,
  ServerNotFoundError,
  ServerOptionsError,
  ServerStartError,
  ServerStateError,
} from './errors.ts';
export { type FindOptions, type FoundServer, findProgram, findServer, type ServerProgram } from './find.ts';
export { type LeafOptions, leafConfig, type Uplink } from './leaf.ts';
export { freePorts } from './ports.ts';
export { type RunningServer, type ServerExit, type ServerOptions, startServer } from './server.ts';
