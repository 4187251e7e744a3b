import { expect, it } from 'vitest';
import { parseReplaySubject, replayFilter, replaySubject } from './subjects.ts';

it('puts the whole original subject behind the session, and back', () => {
  const subject = replaySubject('tuesday', 'win.density.o.v.z');
  expect(subject).toBe('replay.tuesday.win.density.o.v.z');
  expect(parseReplaySubject(subject)).toEqual({ session: 'tuesday', subject: 'win.density.o.v.z' });
  expect(replayFilter('tuesday')).toBe('replay.tuesday.>');
  expect(replayFilter('tuesday', 'win.density.o.v.*')).toBe('replay.tuesday.win.density.o.v.*');
});

it('refuses names that are no tokens and subjects that are no replays', () => {
  for (const name of ['', 'a.b', '*', 'Tuesday', '>'])
    expect(() => replaySubject(name, 'x')).toThrow(/session/);
  for (const subject of ['win.density.o.v.z', 'replay', 'replay.x']) {
    expect(() => parseReplaySubject(subject)).toThrow(/is not the subject of a replay/);
  }
});
