// The demo stadium, 20,000 seats: plaza with four gates, concourse under the bowl, bowl of 24 sectors, pitch.
import { subtractPolygons, unitePolygons } from '#models/geometry/clip.ts';
import { createPolygon, type Polygon } from '#models/geometry/polygon.ts';
import { Draft, names, rect } from './draft.ts';
import type { Point } from './ring.ts';
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

const GATES = [
  { side: 'e', zh: '东', en: 'East', fraction: 0 },
  { side: 'n', zh: '北', en: 'North', fraction: 0.25 },
  { side: 'w', zh: '西', en: 'West', fraction: 0.5 },
  { side: 's', zh: '南', en: 'South', fraction: 0.75 },
] as const;
const GATE_WIDTH = 14.4;
const GATE_LANES = 12;
const EXIT_WIDTH = 6;
const EXIT_FRACTIONS = [1, 2, 4, 5, 7, 8, 10, 11].map((k) => k / 12);
const FORECOURT_HALF = 18;
const APPROACH_HALF = 12;
const APPROACH_LENGTH = 25;
const FPS = 2;
const two = (n: number): string => String(n).padStart(2, '0');
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
  cameras(draft);
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

const forecourtFraction = FORECOURT_HALF / plazaRing.length;

/** The eight stretches of plaza between the forecourts. */
function plazaStretches() {
  return GATES.flatMap((g, i) => {
    const from = g.fraction + forecourtFraction;
    const to = g.fraction + 0.25 - forecourtFraction;
    const next = GATES[(i + 1) % 4]!;
    const mid = (from + to) / 2;
    return [
      {
        id: `plaza-${g.side}${next.side}-1`,
        zh: `${g.zh}${next.zh}广场一区`,
        en: `Plaza ${g.en}-${next.en} 1`,
        from,
        to: mid,
      },
      {
        id: `plaza-${g.side}${next.side}-2`,
        zh: `${g.zh}${next.zh}广场二区`,
        en: `Plaza ${g.en}-${next.en} 2`,
        from: mid,
        to,
      },
    ];
  });
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

function cameras(draft: Draft): void {
  const over = 1; // metres that neighbouring coverages overlap on each side
  for (const g of GATES) {
    const h = (FORECOURT_HALF + over) / plazaRing.length;
    const at = plazaRing.point(g.fraction, OFFSETS.facadeOuter);
    draft.camera(
      `cam-gate-${g.side}`,
      0,
      names(`${g.zh}门检票`, `${g.en} gate`),
      at,
      [
        ...plazaRing.patch(
          g.fraction - h,
          g.fraction + h,
          OFFSETS.gateLine - over,
          OFFSETS.forecourtOuter + over,
          3,
        ),
      ],
      FPS,
    );
    draft.camera(
      `cam-promenade-${g.side}`,
      0,
      names(`${g.zh}门步道`, `${g.en} promenade`),
      plazaRing.point(g.fraction, OFFSETS.plazaOuter - 1),
      plazaRing.patch(
        g.fraction - h,
        g.fraction + h,
        OFFSETS.forecourtOuter - over,
        OFFSETS.plazaOuter + over,
        3,
      ),
      FPS,
    );
    const road = plazaRing.at(g.fraction, OFFSETS.plazaOuter);
    const wide = APPROACH_HALF + over;
    const t: Point = [-road.ny * wide, road.nx * wide];
    const reach = APPROACH_LENGTH + over;
    draft.camera(
      `cam-approach-${g.side}`,
      0,
      names(`${g.zh}引道`, `${g.en} approach`),
      plazaRing.point(g.fraction, OFFSETS.plazaOuter + APPROACH_LENGTH),
      [
        [road.x - t[0] - road.nx, road.y - t[1] - road.ny],
        [road.x - t[0] + road.nx * reach, road.y - t[1] + road.ny * reach],
        [road.x + t[0] + road.nx * reach, road.y + t[1] + road.ny * reach],
        [road.x + t[0] - road.nx, road.y + t[1] - road.ny],
      ],
      FPS,
    );
  }
  plazaStretches().forEach((s, i) => {
    const e = over / plazaRing.length;
    const mid = (s.from + s.to) / 2;
    const bands = [
      {
        part: 'a',
        zh: '内',
        en: 'inner',
        inner: OFFSETS.gateLine - over,
        outer: 50 + over,
        at: OFFSETS.facadeOuter,
      },
      {
        part: 'b',
        zh: '外',
        en: 'outer',
        inner: 50 - over,
        outer: OFFSETS.plazaOuter + over,
        at: OFFSETS.plazaOuter - 1,
      },
    ];
    for (const b of bands) {
      draft.camera(
        `cam-plaza-${two(i + 1)}${b.part}`,
        0,
        names(`${s.zh}${b.zh}侧`, `${s.en} ${b.en}`),
        plazaRing.point(mid, b.at),
        plazaRing.patch(s.from - e, s.to + e, b.inner, b.outer, 3),
        FPS,
      );
    }
  });
  for (let k = 0; k < 12; k++) {
    const e = over / facadeRing.length;
    draft.camera(
      `cam-concourse-${two(k + 1)}`,
      0,
      names(`环廊${k + 1}区`, `Concourse ${k + 1}`),
      facadeRing.point(k / 12, OFFSETS.facadeInner - 0.5),
      facadeRing.patch(
        (k - 0.5) / 12 - e,
        (k + 0.5) / 12 + e,
        OFFSETS.concourseInner - over,
        OFFSETS.gateLine + 0.5,
        3,
      ),
      FPS,
    );
  }
  for (let k = 0; k < 12; k++) {
    const from = sectorCentre(2 * k) - HALF_SECTOR;
    const to = from + 4 * HALF_SECTOR;
    const e = over / bowlRing.length;
    draft.camera(
      `cam-stand-${two(k + 1)}`,
      1,
      names(`看台${2 * k + 1}-${2 * k + 2}区`, `Stands ${2 * k + 1}-${2 * k + 2}`),
      bowlRing.point((from + to) / 2, OFFSETS.bowlBack),
      bowlRing.patch(from - e, to + e, -0.5, OFFSETS.bowlBack + 0.5, 3),
      FPS,
    );
  }
  draft.camera(
    'cam-pitch-w',
    0,
    names('场地西半场', 'Pitch west half'),
    [-30, -38],
    rect(-57.5, -39.5, over, 39.5),
    FPS,
  );
  draft.camera(
    'cam-pitch-e',
    0,
    names('场地东半场', 'Pitch east half'),
    [30, -38],
    rect(-over, -39.5, 57.5, 39.5),
    FPS,
  );
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
