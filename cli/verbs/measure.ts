// `tidewatch measure`: the reference crowd measures of a recorded scene, as files to compare with other programs.
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { readForScene } from '#cli/measure/read.ts';
import { measureStreamed } from '#cli/measure/stream.ts';
import { sceneFiles, writeSceneFiles } from '#cli/measure/write.ts';
import {
  MeasureError,
  measureScene,
  parseScene,
  type Scene,
  type SceneMeasures,
  type Trajectories,
} from '#models/crowd/index.ts';
import {
  FORMAT_NAMES,
  type FormatName,
  type LengthUnit,
  UNIT_NAMES,
} from '#streams/sources/trajectories/index.ts';
import { wholeNumber } from '../context.ts';

type Options = {
  scene: string;
  out: string;
  format?: FormatName;
  unit?: LengthUnit;
  stream?: boolean;
  nats?: string;
  seed: number;
};

export function register(program: Command): void {
  program
    .command('measure')
    .description('Density, speed and flow of a recorded scene, with the conventions of PedPy')
    .argument(
      '<trajectories>',
      'CSV id,frame,x,y in metres, or any recording that ingest reads; plain or gzip',
    )
    .requiredOption(
      '--scene <file>',
      'scene description (JSON): frame_rate, walkable and area (WKT), line, speed_frame_step, voronoi_cutoff',
    )
    .requiredOption('--out <folder>', 'folder for the results; made if absent')
    .addOption(new Option('--format <name>', 'in place of detection by content').choices(FORMAT_NAMES))
    .addOption(
      new Option('--unit <unit>', 'unit of positions, where the file does not say').choices(UNIT_NAMES),
    )
    .option(
      '--stream',
      'publish the frames into JetStream, shuffled and doubled, and let a processor measure them as it would live',
    )
    .option('--nats <url>', 'with --stream: this server instead of a private temporary one')
    .addOption(
      new Option('--seed <number>', 'with --stream: decides the order of arrival')
        .argParser(wholeNumber(0, 2 ** 32 - 1))
        .default(1),
    )
    .action(async (trajectories: string, options: Options) => {
      const scene = parseScene(await readJson(options.scene));
      const choice = {
        ...(options.format ? { format: options.format } : {}),
        ...(options.unit ? { unit: options.unit } : {}),
      };
      const t = await readForScene(trajectories, scene.frameRate, choice);
      const { trajectories: measured, measures } = await measure(t, scene, options);
      await writeSceneFiles(options.out, sceneFiles(measured, scene, measures));
      const frames = measures.classicDensity.length;
      console.log(`${scene.name}: ${t.id.length} positions in ${frames} frames measured into ${options.out}`);
      if (measures.rowsWithoutCell > 0)
        console.warn(
          `${measures.rowsWithoutCell} positions lie outside the walkable area and have no Voronoi cell; ` +
            'they count in classic density only',
        );
    });
}

async function measure(
  t: Trajectories,
  scene: Scene,
  { stream, nats, seed }: Options,
): Promise<{ trajectories: Trajectories; measures: SceneMeasures }> {
  if (stream) return measureStreamed(t, scene, { seed, ...(nats === undefined ? {} : { nats }) });
  if (nats !== undefined) throw new MeasureError('--nats names a server for --stream; add --stream');
  return { trajectories: t, measures: measureScene(t, scene) };
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MeasureError(`${file} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
