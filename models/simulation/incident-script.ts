// Carries out the scripted incidents: which are on, and what each does to the crowd.
import type { Venue } from '#models/venue/types.ts';
import type { Arrivals } from './arrivals.ts';
import type { EveningClock } from './clock.ts';
import { type Crowd, STATE } from './crowd.ts';
import { ERRAND } from './errand.ts';
import type { Incident } from './incidents.ts';
import type { PassageLine } from './site.ts';
import type { Ways } from './ways.ts';

export interface IncidentParts {
  readonly venue: Venue;
  readonly crowd: Crowd;
  readonly clock: EveningClock;
  readonly ways: Ways;
  readonly passages: readonly PassageLine[];
  readonly arrivals: Arrivals;
}

export class IncidentScript {
  readonly #incidents: readonly Incident[];
  readonly #parts: IncidentParts;
  readonly #begun = new Set<Incident>();

  constructor(incidents: readonly Incident[], parts: IncidentParts) {
    this.#incidents = incidents;
    this.#parts = parts;
  }

  /** Incidents that are on now. */
  get active(): readonly Incident[] {
    return this.#incidents.filter((n) => this.#isOn(n));
  }

  /** Locked ways that people know of by now. */
  get knownShut(): readonly string[] {
    const { timeS } = this.#parts.clock;
    return this.#incidents.flatMap((n) =>
      n.kind === 'locked-exit' && this.#isOn(n) && timeS >= n.atS + n.noticedAfterS ? [n.exit] : [],
    );
  }

  #isOn({ atS, forS }: Incident): boolean {
    const { warming, timeS } = this.#parts.clock;
    return !warming && timeS >= atS && timeS < atS + forS;
  }

  run(): void {
    const { passages, arrivals } = this.#parts;
    for (const p of passages) p.locked = false;
    for (const incident of this.#incidents) {
      if (!this.#isOn(incident)) continue;
      const first = !this.#begun.has(incident);
      this.#begun.add(incident);
      switch (incident.kind) {
        case 'surge':
          arrivals.surge(incident.gate, incident.perSecond);
          break;
        case 'locked-exit':
          for (const p of passages) if (p.id === incident.exit) p.locked = true;
          break;
        case 'counterflow':
          if (first) this.#turnBack(incident.gate, incident.persons);
          break;
        case 'fall':
          if (first) this.#fall(incident.zone, incident.forS);
          break;
        case 'dead-camera':
          break;
      }
    }
  }

  #turnBack(gateId: string, persons: number): void {
    const { crowd, ways, arrivals } = this.#parts;
    const gate = ways.gateNamed(gateId);
    let left = persons;
    for (let i = 0; i < crowd.high && left > 0; i++) {
      if (crowd.state[i] !== STATE.walk || crowd.goal[i] !== gate) continue;
      crowd.errand[i] = ERRAND.turnBack;
      crowd.goal[i] = ways.edgeGoal(arrivals.home[i]!);
      left--;
    }
  }

  /** Whoever walks nearest the middle of the zone falls. */
  #fall(zoneId: string, forS: number): void {
    const { venue, crowd, clock } = this.#parts;
    const zone = venue.zones.find((z) => z.id === zoneId)!;
    const ring = zone.area.exterior;
    let cx = 0;
    let cy = 0;
    for (let k = 0; k < ring.length; k += 2) {
      cx += (2 * ring[k]!) / ring.length;
      cy += (2 * ring[k + 1]!) / ring.length;
    }
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < crowd.high; i++) {
      if (crowd.state[i] !== STATE.walk) continue;
      const d = Math.hypot(crowd.x[i]! - cx, crowd.y[i]! - cy);
      if (d < least) {
        least = d;
        best = i;
      }
    }
    if (best < 0) return;
    crowd.state[best] = STATE.fallen;
    crowd.vx[best] = 0;
    crowd.vy[best] = 0;
    crowd.wake[best] = clock.timeS + forS;
  }
}
