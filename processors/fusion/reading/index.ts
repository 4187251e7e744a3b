// Reading fused persons: what processors behind fusion are made of.
export type { ChainedTick } from './chain.ts';
export { type FusedInput, fusedDecoder, fusedFilters } from './input.ts';
export { type FusedKernel, type FusedParts, fusedPartition, READING_BOUNDS } from './partition.ts';
