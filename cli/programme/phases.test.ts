// What people write of an event, and what they must not.
import { describe, expect, it } from 'vitest';
import { eventPhases } from '#streams/schema/events.ts';
import { footballPhases, parseInstant, parseLength, parsePhases } from './phases.ts';

const KICK_OFF = Date.parse('2026-05-02T11:30:00Z');

describe('a programme as people write it', () => {
  it('reads times with their zone and lengths, and refuses others with what to write', () => {
    expect(parseInstant('2026-05-02T19:30:00+08:00')).toBe(KICK_OFF);
    expect(parseInstant('2026-05-02T11:30Z')).toBe(KICK_OFF);
    for (const bad of ['2026-05-02T19:30', '19:30', '2026-13-02T19:30Z', 'tomorrow', ''])
      expect(() => parseInstant(bad)).toThrow('write 2026');
    expect(['90m', '1h30m', '45s', '2h'].map(parseLength)).toEqual([5_400_000, 5_400_000, 45_000, 7_200_000]);
    for (const bad of ['90', '', 'm', '0m', '1.5h', '-5m'])
      expect(() => parseLength(bad)).toThrow('write 90m');
  });

  it('makes a football evening from a kick-off', () => {
    const minutes = (n: number) => n * 60_000;
    const phases = footballPhases({
      kickOff: KICK_OFF,
      doors: minutes(90),
      half: minutes(48),
      halfTime: minutes(15),
      egress: minutes(45),
    });
    expect(phases.map(({ phase }) => phase)).toEqual(['ingress', 'play', 'half-time', 'play', 'egress']);
    expect(phases[0]!.toMs).toBe(KICK_OFF);
    expect(phases[4]!.toMs).toBe(KICK_OFF + minutes(48 + 15 + 48 + 45));
    expect(eventPhases.safeParse(phases).success).toBe(true);
  });

  it('reads phases one by one, each until the next', () => {
    expect(
      parsePhases('ingress=2026-05-02T10:00Z,play=2026-05-02T11:30Z,end=2026-05-02T12:00Z').map(
        ({ phase, fromMs, toMs }) => [phase, (fromMs - KICK_OFF) / 60_000, (toMs - KICK_OFF) / 60_000],
      ),
    ).toEqual([
      ['ingress', -90, 0],
      ['play', 0, 30],
    ]);
    expect(() => parsePhases('play=2026-05-02T11:30Z')).toThrow('end=');
    expect(() => parsePhases('party=2026-05-02T10:00Z,end=2026-05-02T12:00Z')).toThrow('no phase');
    expect(() => parsePhases('play=2026-05-02T13:00Z,end=2026-05-02T12:00Z')).toThrow('order of time');
    expect(() => parsePhases('play,end=2026-05-02T12:00Z')).toThrow('no phase=time');
  });
});
