// Each sign on the simulated stadium's own incidents: where and when it rang, and where nothing was wrong.
//
// Development seeds were 1 to 3; the reported ones are others. Rings count by zone (or gate) and scene: at one of the incident's
// places after its onset a ring is right, anywhere else and at any other time it is false.
import { DEFAULT_NOISE } from '#streams/sources/simulator/index.ts';
import { figure, median, type Ring, ringsOf, SIGNS, type Sign } from './alarms.ts';
import { GROUND, STADIUM_KINDS, type StadiumKind, type StadiumScene, stadiumScene } from './stadium.ts';

type Incident = Exclude<StadiumKind, 'calm'>;
const INCIDENTS = STADIUM_KINDS.filter((kind): kind is Incident => kind !== 'calm');

/** Variance that the simulator's cameras add to a velocity between two frames half a second apart, both axes, m2/s2. */
const FRAME_S = 0.5;
const NOISE_VARIANCE =
  (4 * DEFAULT_NOISE.positionSigmaM ** 2 * (1 - Math.exp(-FRAME_S / DEFAULT_NOISE.positionCorrelationS))) /
  FRAME_S ** 2;

interface Outcome {
  readonly scene: Omit<StadiumScene, 'inputs'>;
  readonly rings: readonly Ring[];
}

const isRight = ({ scene }: Outcome, { key, atMs }: Ring): boolean =>
  atMs > scene.onsetMs && scene.places.includes(key);

interface Score {
  readonly precision: number;
  /** Zones and gates with a false ring, per scene. */
  readonly falsePerScene: number;
  readonly calmFalsePerScene: number;
  readonly recall: Readonly<Record<Incident, number>>;
  /** Seconds after the onset, and before the fullest cell of the zone reaches 5 p/m2; medians over all incidents found. */
  readonly delay: number;
  readonly localLead: number;
  readonly lead: number;
}

function score(sign: Sign, outcomes: readonly Outcome[]): Score {
  let [right, wrong, calmWrong] = [0, 0, 0];
  const found = new Map<Incident, number>();
  const [delays, localLeads, leads]: number[][] = [[], [], []];
  for (const outcome of outcomes) {
    const { scene } = outcome;
    const mine = outcome.rings.filter((ring) => ring.sign === sign);
    const falsely = new Set(mine.filter((ring) => !isRight(outcome, ring)).map(({ key }) => key)).size;
    wrong += falsely;
    if (scene.kind === 'calm') {
      calmWrong += falsely;
      continue;
    }
    const rightly = mine.filter((ring) => isRight(outcome, ring));
    right += new Set(rightly.map(({ key }) => key)).size;
    const [first] = rightly;
    if (first === undefined) continue;
    found.set(scene.kind, (found.get(scene.kind) ?? 0) + 1);
    delays!.push((first.atMs - scene.onsetMs) / 1000);
    const firstOf = (other: Sign): number | undefined =>
      outcome.rings.find((ring) => ring.sign === other && isRight(outcome, ring))?.atMs;
    const [local, zone] = [firstOf('local density'), firstOf('density')];
    if (local !== undefined) localLeads!.push((local - first.atMs) / 1000);
    if (zone !== undefined) leads!.push((zone - first.atMs) / 1000);
  }
  const scenesOf = (kind: StadiumKind): number => outcomes.filter(({ scene }) => scene.kind === kind).length;
  const recallOf = (kind: Incident): number => (found.get(kind) ?? 0) / scenesOf(kind);
  return {
    precision: right / (right + wrong),
    falsePerScene: wrong / outcomes.length,
    calmFalsePerScene: calmWrong / scenesOf('calm'),
    recall: {
      surge: recallOf('surge'),
      counterflow: recallOf('counterflow'),
      'locked-exit': recallOf('locked-exit'),
    },
    delay: median(delays!),
    localLead: median(localLeads!),
    lead: median(leads!),
  };
}

/** Runs a calm evening and one with each incident for every seed; prints the table, returns its figures. */
export async function stadiumTable(seeds: readonly number[]): Promise<Record<string, number | string>> {
  const outcomes: Outcome[] = [];
  if (seeds.length === 0) return { stadium_scenes: 0 };
  for (const seed of seeds) {
    for (const kind of STADIUM_KINDS) {
      const { inputs, ...scene } = await stadiumScene(kind, seed);
      outcomes.push({ scene, rings: ringsOf(GROUND, inputs, NOISE_VARIANCE) });
    }
  }
  console.log(
    `\nsimulated stadium, ordinary camera noise, ${outcomes.length} scenes of 4 minutes, seeds ${seeds.join(' ')}`,
  );
  console.log('false: zones and gates that rang where or when nothing was wrong, per scene');
  console.log('local lead: before the fullest cell holds 5 p/m2; lead: before the zone does; medians, s');
  const figures: Record<string, number | string> = { stadium_scenes: outcomes.length };
  console.table(
    SIGNS.map((sign) => {
      const { recall, ...rest } = score(sign, outcomes);
      const row = {
        precision: figure(rest.precision),
        false: figure(rest.falsePerScene),
        false_calm: figure(rest.calmFalsePerScene),
        ...Object.fromEntries(
          INCIDENTS.map((kind) => [`recall_${kind.replaceAll('-', '_')}`, figure(recall[kind])]),
        ),
        delay_s: figure(rest.delay),
        local_lead_s: figure(rest.localLead),
        lead_s: figure(rest.lead),
      };
      for (const [key, value] of Object.entries(row))
        figures[`stadium_${sign.replaceAll(/\W+/g, '_')}_${key}`] = value;
      return { sign, ...row };
    }),
  );
  console.log('first right ring of each sign (s after the onset) and number of false ones');
  console.table(
    outcomes.map((outcome) => ({
      scene: `${outcome.scene.kind} ${outcome.scene.seed}`,
      ...Object.fromEntries(SIGNS.map((sign) => [sign, ringsText(outcome, sign)])),
    })),
  );
  return figures;
}

function ringsText(outcome: Outcome, sign: Sign): string {
  const mine = outcome.rings.filter((ring) => ring.sign === sign);
  const first = mine.find((ring) => isRight(outcome, ring));
  const wrong = mine.filter((ring) => !isRight(outcome, ring)).length;
  const right = first === undefined ? '-' : ((first.atMs - outcome.scene.onsetMs) / 1000).toFixed(0);
  return wrong === 0 ? right : `${right} (${wrong})`;
}
