// The demo stadium, 20,000 seats: plaza with four gates, concourse under the bowl, bowl of 24 sectors, pitch.
import { subtractPolygons, unitePolygons } from '#models/geometry/clip.ts';
import { createPolygon, type Polygon } from '#models/geometry/polygon.ts';
import { Draft, names, rect } from './draft.ts';
import type { Point } from './ring.ts';
import { stadiumCameras } from './stadium-cameras.ts';
import {
  APPROACH_HALF,
  APPROACH_LENGTH,
  EXIT_FRACTIONS,
  EXIT_WIDTH,
  forecourtFraction,
  GATE_LANES,
  GATE_WIDTH,
  GATES,
  plazaStretches,
  two,
} from './stadium-layout.ts';
import {
  bowlRing,
  facadeRing,
  HALF_SECTOR,
  OFFSETS,
  plazaRing,
  SECTORS,
  sectorCentre,
  stadiumSeats,
  vomitoryPit,
} from './stadium-plan.ts';

const poly = (points: readonly Point[]): Polygon => createPolygon(points);

export function stadiumText(): string {
  const draft = new Draft({
    format: 1,
    org: 'stadium-centre',
    venue: 'harbour-stadium',
    name: names('海湾体育场', 'Harbour Stadium'),
    version: 1,
    kind: 'stadium',
    timeZone: 'Asia/Shanghai',
    anchor: { longitude: 112.5132, latitude: 31.4876, bearingDeg: 8 },
    tickMs: 500,
  });
  draft.level(0, names('地面层', 'Ground level'), 0, [groundFloor(), poly(bowlRing.loop(-0.5, 3))]);
  const bowl = { exterior: poly(bowlRing.loop(26, 3)), inner: poly(bowlRing.loop(0, 3)) };
  const pits = Array.from({ length: SECTORS }, (_, k) => poly(vomitoryPit(k)));
  draft.level(1, names('看台层', 'Stand level'), 6, subtractPolygons(bowl.exterior, [bowl.inner, ...pits]));
  groundZones(draft);
  standZones(draft);
  passages(draft);
  stadiumCameras(draft);
  fences(draft);
  return draft.text();
}

/** Patch of `width` metres round `fraction` of the façade ring. */
function facadePatch(fraction: number, width: number, inner: number, outer: number): Point[] {
  const h = width / 2 / facadeRing.metric(fraction, OFFSETS.facadeInner);
  return facadeRing.patch(fraction - h, fraction + h, inner, outer, 3);
}

/** The approach road of a gate, outside the plaza; overlaps it by `overlap` metres. */
function approach(fraction: number, overlap: number): Point[] {
  const { x, y, nx, ny } = plazaRing.at(fraction, OFFSETS.plazaOuter - overlap);
  const length = APPROACH_LENGTH + overlap;
  const tx = -ny * APPROACH_HALF;
  const ty = nx * APPROACH_HALF;
  return [
    [x - tx, y - ty],
    [x - tx + nx * length, y - ty + ny * length],
    [x + tx + nx * length, y + ty + ny * length],
    [x + tx, y + ty],
  ];
}

function groundFloor(): Polygon {
  const site = unitePolygons([
    poly(plazaRing.loop(OFFSETS.plazaOuter, 3)),
    ...GATES.map((g) => poly(approach(g.fraction, 1))),
  ]);
  const openings = [
    ...GATES.map((g) => poly(facadePatch(g.fraction, GATE_WIDTH, 25, 28))),
    ...EXIT_FRACTIONS.map((f) => poly(facadePatch(f, EXIT_WIDTH, 25, 28))),
  ];
  const facade = subtractPolygons(poly(facadeRing.loop(OFFSETS.facadeOuter, 3)), [
    poly(facadeRing.loop(OFFSETS.facadeInner, 3)),
    ...openings,
  ]);
  const core = poly(facadeRing.loop(OFFSETS.concourseInner, 3));
  // Kiosks and washrooms stand along the inner wall, midway between two stairs.
  const kiosks = Array.from({ length: SECTORS }, (_, k) => {
    const f = sectorCentre(k) + HALF_SECTOR;
    const h = 3.5 / bowlRing.metric(f, 12);
    return poly(bowlRing.patch(f - h, f + h, OFFSETS.concourseInner - 1, OFFSETS.kiosksOuter, 3));
  });
  const [floor, ...rest] = subtractPolygons(site[0]!, [...facade, core, ...kiosks, ...plazaFurniture()]);
  if (floor === undefined || rest.length > 0) throw new Error('the ground floor is not one piece');
  return floor;
}

/** Planters and ticket booths on the plaza. */
function plazaFurniture(): Polygon[] {
  const out: Polygon[] = [];
  for (let k = 0; k < 40; k++) {
    const f = (k + 0.5) / 40;
    const far = Math.min(...GATES.map((g) => Math.abs(((f - g.fraction + 1.5) % 1) - 0.5)));
    if (far < 0.05) continue; // keep the way to the gates clear
    const h = 2.5 / plazaRing.metric(f, 58);
    out.push(poly(plazaRing.patch(f - h, f + h, 57, 59)));
  }
  for (const g of GATES) {
    for (const side of [-1, 1]) {
      const f = g.fraction + (side * 30) / plazaRing.length;
      const h = 2 / plazaRing.metric(f, 50);
      out.push(poly(plazaRing.patch(f - h, f + h, 48, 51)));
    }
  }
  return out;
}

function groundZones(draft: Draft): void {
  for (const g of GATES) {
    const from = g.fraction - forecourtFraction;
    const to = g.fraction + forecourtFraction;
    draft.zone(`forecourt-${g.side}`, 0, names(`${g.zh}门检票前区`, `${g.en} gate forecourt`), 'standing', [
      plazaRing.patch(from, to, OFFSETS.gateLine, OFFSETS.forecourtOuter, 3),
    ]);
    draft.zone(`promenade-${g.side}`, 0, names(`${g.zh}门步道`, `${g.en} promenade`), 'moving', [
      plazaRing.patch(from, to, OFFSETS.forecourtOuter, OFFSETS.plazaOuter, 3),
    ]);
    draft.zone(`approach-${g.side}`, 0, names(`${g.zh}引道`, `${g.en} approach`), 'moving', [
      approach(g.fraction, 0),
    ]);
  }
  for (const s of plazaStretches()) {
    draft.zone(s.id, 0, names(s.zh, s.en), 'moving', [
      plazaRing.patch(s.from, s.to, OFFSETS.gateLine, OFFSETS.plazaOuter, 3),
    ]);
  }
  for (let k = 0; k < 12; k++) {
    draft.zone(`concourse-${two(k + 1)}`, 0, names(`环廊${k + 1}区`, `Concourse ${k + 1}`), 'moving', [
      facadeRing.patch((k - 0.5) / 12, (k + 0.5) / 12, OFFSETS.concourseInner, OFFSETS.gateLine, 3),
    ]);
  }
  draft.zone('pitch', 0, names('比赛场地', 'Pitch'), 'pitch', [bowlRing.loop(-0.5, 3)]);
}

function standZones(draft: Draft): void {
  const seats = stadiumSeats();
  for (let k = 0; k < SECTORS; k++) {
    const f = sectorCentre(k);
    const capacity = seats.sector.reduce((n, s) => n + (s === k ? 1 : 0), 0);
    draft.zone(
      `stand-${two(k + 1)}`,
      1,
      names(`看台${k + 1}区`, `Stand ${k + 1}`),
      'seated',
      [bowlRing.patch(f - HALF_SECTOR, f + HALF_SECTOR, 0, OFFSETS.bowlBack, 3)],
      capacity,
    );
  }
}

function passages(draft: Draft): void {
  for (const g of GATES) {
    const p = facadeRing.at(g.fraction, OFFSETS.gateLine);
    draft.passage(
      'gate',
      `gate-${g.side}`,
      0,
      names(`${g.zh}门`, `${g.en} gate`),
      [p.x, p.y],
      [-p.nx, -p.ny],
      GATE_WIDTH,
      GATE_LANES,
    );
  }
  EXIT_FRACTIONS.forEach((f, i) => {
    const p = facadeRing.at(f, OFFSETS.gateLine);
    const name = names(`${i + 1}号疏散口`, `Exit ${i + 1}`);
    draft.passage('exit', `exit-${i + 1}`, 0, name, [p.x, p.y], [-p.nx, -p.ny], EXIT_WIDTH);
  });
  for (let k = 0; k < SECTORS; k++) {
    const f = sectorCentre(k);
    const mouth = bowlRing.at(f, OFFSETS.crossAisleInner + 0.1);
    const foot = bowlRing.at(f, OFFSETS.concourseInner + 0.6);
    const inward: Point = [-foot.nx, -foot.ny];
    draft.passage(
      'door',
      `vom-${two(k + 1)}`,
      1,
      names(`${k + 1}号看台口`, `Vomitory ${k + 1}`),
      [mouth.x, mouth.y],
      [mouth.nx, mouth.ny],
      2.4,
    );
    draft.stair(
      `stair-${two(k + 1)}`,
      names(`${k + 1}号楼梯`, `Stair ${k + 1}`),
      0,
      [foot.x, foot.y],
      1,
      [mouth.x, mouth.y],
      inward,
      2.4,
      14,
    );
  }
  for (const g of GATES) {
    const p = plazaRing.at(g.fraction, OFFSETS.plazaOuter + APPROACH_LENGTH - 1);
    const name = names(`${g.zh}侧入口`, `${g.en} side of the site`);
    draft.passage('edge', `edge-${g.side}`, 0, name, [p.x, p.y], [-p.nx, -p.ny], 2 * APPROACH_HALF);
  }
}

function fences(draft: Draft): void {
  draft.fence('fence-pitch', 0, names('场地电子围栏', 'Pitch fence'), rect(-52.5, -34, 52.5, 34));
  for (const g of GATES) {
    const f = g.fraction + 0.125;
    const h = 6 / plazaRing.metric(f, 70);
    draft.fence(
      `fence-plant-${g.side}`,
      0,
      names(`${g.zh}侧设备区围栏`, `${g.en} plant enclosure`),
      plazaRing.patch(f - h, f + h, 66, 72),
    );
  }
}
