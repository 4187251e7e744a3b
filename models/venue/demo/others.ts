// Three smaller demo venues: a swimming pool, a training hall and a park.
import { subtractPolygons } from '#models/geometry/clip.ts';
import { createPolygon } from '#models/geometry/polygon.ts';
import { Draft, names, rect } from './draft.ts';
import type { Point } from './ring.ts';

const FPS = 2;

function ellipse(cx: number, cy: number, rx: number, ry: number, n: number): Point[] {
  return Array.from({ length: n }, (_, i) => {
    const a = (2 * Math.PI * i) / n;
    return [cx + rx * Math.cos(a), cy + ry * Math.sin(a)] as const;
  });
}

/** Cameras on a regular grid of `nx` by `ny` over a box, each overlapping its neighbours by a metre. */
function cameraGrid(
  draft: Draft,
  box: readonly [number, number, number, number],
  nx: number,
  ny: number,
): void {
  const [x0, y0, x1, y1] = box;
  const w = (x1 - x0) / nx;
  const h = (y1 - y0) / ny;
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      const n = j * nx + i + 1;
      const x = x0 + i * w;
      const y = y0 + j * h;
      draft.camera(
        `cam-${String(n).padStart(2, '0')}`,
        0,
        names(`${n}号摄像机`, `Camera ${n}`),
        [x + w / 2, y + h / 2],
        rect(x - 1, y - 1, x + w + 1, y + h + 1),
        FPS,
      );
    }
  }
}

export function poolText(): string {
  const draft = new Draft({
    format: 1,
    org: 'swimming-centre',
    venue: 'lotus-pool',
    name: names('莲湖游泳馆', 'Lotus Lake Pool'),
    version: 1,
    kind: 'pool',
    timeZone: 'Asia/Shanghai',
    anchor: { longitude: 112.4871, latitude: 31.5022, bearingDeg: -4 },
    tickMs: 500,
  });
  // The hall is 76 x 44 m; the lobby and the changing rooms lie west of it behind walls with openings.
  const hall = createPolygon(rect(0, 0, 76, 44));
  const walls = [
    rect(12, 0, 12.6, 8),
    rect(12, 12, 12.6, 32),
    rect(12, 36, 12.6, 44),
    rect(0, 21.7, 9, 22.3),
  ].map((r) => createPolygon(r));
  draft.level(0, names('池层', 'Pool deck'), 0, subtractPolygons(hall, walls));
  const main = rect(19, 14.5, 69, 35.5);
  const training = rect(24, 4, 49, 10.5);
  draft.zone('pool-main', 0, names('五十米池', '50 m pool'), 'water', [main], 160);
  draft.zone('pool-training', 0, names('训练池', 'Teaching pool'), 'water', [training], 60);
  draft.zone('deck', 0, names('池岸', 'Deck'), 'moving', [rect(12.6, 0, 70, 44), main, training], 250);
  draft.zone('seats', 0, names('观众席', 'Spectator seats'), 'seated', [rect(70, 0, 76, 44)], 200);
  draft.zone('lobby', 0, names('大厅', 'Lobby'), 'moving', [rect(0, 0, 12, 21.7)], 80);
  draft.zone('changing', 0, names('更衣区', 'Changing rooms'), 'moving', [rect(0, 22.3, 12, 44)], 120);
  draft.passage('gate', 'gate-main', 0, names('正门', 'Main gate'), [0.3, 10], [1, 0], 4, 3);
  draft.passage('exit', 'exit-north', 0, names('北侧出口', 'North exit'), [45, 43.7], [0, -1], 3);
  draft.passage('exit', 'exit-south', 0, names('南侧出口', 'South exit'), [45, 0.3], [0, 1], 3);
  draft.passage('door', 'door-changing', 0, names('更衣区门', 'Changing room door'), [12.3, 34], [1, 0], 4);
  draft.passage('edge', 'edge-main', 0, names('馆外', 'Outside'), [0.2, 10], [1, 0], 4);
  draft.fence('fence-deep', 0, names('深水区', 'Deep end'), rect(57, 14.5, 69, 35.5));
  cameraGrid(draft, [0, 0, 76, 44], 4, 2);
  return draft.text();
}

export function hallText(): string {
  const draft = new Draft({
    format: 1,
    org: 'training-base-north',
    venue: 'north-hall',
    name: names('北岸训练馆', 'North Bank Training Hall'),
    version: 1,
    kind: 'hall',
    timeZone: 'Asia/Shanghai',
    anchor: { longitude: 112.5316, latitude: 31.5267, bearingDeg: 15 },
    tickMs: 500,
  });
  const walls = [
    rect(0, 11.7, 10, 12.3),
    rect(14, 11.7, 38, 12.3),
    rect(42, 11.7, 66, 12.3),
    rect(70, 11.7, 84, 12.3),
    rect(55.7, 12.3, 56.3, 26),
    rect(55.7, 30, 56.3, 48),
  ].map((r) => createPolygon(r));
  draft.level(
    0,
    names('场地层', 'Court level'),
    0,
    subtractPolygons(createPolygon(rect(0, 0, 84, 48)), walls),
  );
  draft.zone('corridor', 0, names('走廊', 'Corridor'), 'moving', [rect(0, 0, 60, 11.7)], 150);
  draft.zone('lobby', 0, names('门厅', 'Lobby'), 'moving', [rect(60, 0, 84, 11.7)], 120);
  for (let k = 0; k < 3; k++) {
    draft.zone(
      `court-${k + 1}`,
      0,
      names(`${k + 1}号场`, `Court ${k + 1}`),
      'moving',
      [rect(18 * k, 12.3, 18 * (k + 1), 48)],
      60,
    );
  }
  draft.zone('weights', 0, names('力量区', 'Weights room'), 'moving', [rect(56.3, 12.3, 84, 30)], 60);
  draft.zone('climbing', 0, names('攀岩区', 'Climbing wall'), 'standing', [rect(56.3, 30, 84, 48)], 40);
  draft.passage('gate', 'gate-main', 0, names('正门', 'Main gate'), [83.7, 6], [-1, 0], 4, 2);
  draft.passage('exit', 'exit-west', 0, names('西侧出口', 'West exit'), [0.3, 6], [1, 0], 3);
  draft.passage('exit', 'exit-north', 0, names('北侧出口', 'North exit'), [27, 47.7], [0, -1], 4);
  for (const [k, x] of [12, 40, 68].entries()) {
    draft.passage('door', `door-${k + 1}`, 0, names(`${k + 1}号门`, `Door ${k + 1}`), [x, 12], [0, 1], 4);
  }
  draft.passage('edge', 'edge-main', 0, names('馆外', 'Outside'), [83.8, 6], [-1, 0], 4);
  draft.fence('fence-wall', 0, names('攀岩保护区', 'Climbing fall zone'), rect(78, 31, 83, 47));
  cameraGrid(draft, [0, 0, 84, 48], 4, 2);
  return draft.text();
}

export function parkText(): string {
  const draft = new Draft({
    format: 1,
    org: 'parks-fitness-centre',
    venue: 'east-lake-park',
    name: names('东湖体育公园', 'East Lake Sports Park'),
    version: 1,
    kind: 'park',
    timeZone: 'Asia/Shanghai',
    anchor: { longitude: 112.5604, latitude: 31.4713, bearingDeg: 0 },
    tickMs: 1000,
  });
  const outline = createPolygon(ellipse(0, 0, 150, 105, 72));
  const lake = ellipse(-45, 18, 55, 40, 48);
  const pavilion = rect(58, -62, 74, -50);
  draft.level(
    0,
    names('地面', 'Ground'),
    0,
    subtractPolygons(outline, [createPolygon(lake), createPolygon(pavilion)]),
  );
  draft.zone('skate', 0, names('滑板场', 'Skate park'), 'moving', [rect(40, 20, 80, 50)], 80);
  draft.zone('courts', 0, names('篮球场', 'Basketball courts'), 'moving', [rect(85, -15, 129, 15)], 120);
  draft.zone('lawn', 0, names('大草坪', 'Great lawn'), 'standing', [rect(-40, -80, 45, -35)], 2000);
  draft.zone('gym', 0, names('健身区', 'Outdoor gym'), 'standing', [rect(20, -25, 60, 5)], 120);
  draft.zone('lakeside', 0, names('湖滨步道', 'Lakeside walk'), 'moving', [
    ellipse(-45, 18, 63, 48, 48),
    lake.slice().reverse(),
  ]);
  draft.passage('gate', 'gate-south', 0, names('南门', 'South gate'), [0, -103], [0, 1], 10);
  draft.passage('gate', 'gate-east', 0, names('东门', 'East gate'), [148, 0], [-1, 0], 8);
  draft.passage('exit', 'exit-north', 0, names('北侧出口', 'North exit'), [30, 101.5], [0, -1], 6);
  draft.passage('edge', 'edge-south', 0, names('南门外', 'Outside south'), [0, -104], [0, 1], 10);
  draft.passage('edge', 'edge-east', 0, names('东门外', 'Outside east'), [149, 0], [-1, 0], 8);
  draft.fence('fence-lake', 0, names('湖面围栏', 'Lake edge'), lake);
  cameraGrid(draft, [-150, -105, 150, 105], 6, 4);
  return draft.text();
}
