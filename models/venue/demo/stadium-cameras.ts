// The cameras of the demo stadium: together they see every zone, and neighbours overlap.
import { type Draft, names, rect } from './draft.ts';
import type { Point } from './ring.ts';
import {
  APPROACH_HALF,
  APPROACH_LENGTH,
  FORECOURT_HALF,
  GATES,
  plazaStretches,
  two,
} from './stadium-layout.ts';
import { bowlRing, facadeRing, HALF_SECTOR, OFFSETS, plazaRing, sectorCentre } from './stadium-plan.ts';

/** Frames per second of every camera. */
const FPS = 2;

export function stadiumCameras(draft: Draft): void {
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
