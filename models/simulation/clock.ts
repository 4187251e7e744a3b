// The simulation's own time: steps of one length, and how far the evening is. No clock is read.
import { eveningLength, type Phase, phaseAt, type Schedule } from './evening.ts';

export class EveningClock {
  readonly schedule: Schedule;
  /** Step of the walking model, s: the one it is calibrated for. */
  readonly stepS = 0.25;
  steps = 0;
  /** True before the first instant, while the crowd placed at once finds its feet: no incident yet. */
  warming = false;
  /** Simulation time, s, at which the evening began; below 0 when it was under way at the start. */
  eveningStartS = 0;
  phase: Phase = 'ingress';
  readonly #startMs: number;

  constructor(startMs: number, schedule: Schedule) {
    this.#startMs = startMs;
    this.schedule = schedule;
  }

  /** Seconds simulated. */
  get timeS(): number {
    return this.steps * this.stepS;
  }

  /** Event time, UTC epoch ms. */
  get epochMs(): number {
    return this.#startMs + Math.round(this.timeS * 1000);
  }

  /** Seconds into the evening. */
  get eveningS(): number {
    return this.timeS - this.eveningStartS;
  }

  /** True when the evening has had its length. */
  get over(): boolean {
    return this.eveningS >= eveningLength(this.schedule);
  }

  /** True when people go home. */
  get leaving(): boolean {
    return this.phase === 'egress' || this.phase === 'pause';
  }

  /** Takes the phase of this instant; true when it is another one. */
  turnPhase(): boolean {
    const { phase } = phaseAt(this.schedule, this.eveningS);
    if (phase === this.phase) return false;
    this.phase = phase;
    return true;
  }
}
