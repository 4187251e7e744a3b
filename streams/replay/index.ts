// Replaying history: where it begins in the stream, at what pace it runs, and the subjects its results go to.
export { eventTimeOf, messageTimeOf } from './event-time.ts';
export { type HistoryStart, startOfHistory } from './history.ts';
export { Pace, type WallClock, wallClock } from './pace.ts';
export { type ReplayStatus, replayStatus, replayStatusSubject } from './status.ts';
export { parseReplaySubject, replayFilter, replaySubject } from './subjects.ts';
