// `tidewatch measure`: the reference crowd measures of a recorded scene, as files to compare with other programs.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readTrajectoryCsv } from '#cli/measure/read-csv.ts';
import { sceneFiles, writeSceneFiles } from '#cli/measure/write.ts';
import { MeasureError, measureScene, parseScene } from '#models/crowd/index.ts';

export function register(program: Command): void {
  program
    .command('measure')
    .description('Density, speed and flow of a recorded scene, with the conventions of PedPy')
    .argument('<trajectories>', 'id,frame,x,y in metres: CSV, plain or gzip')
    .requiredOption(
      '--scene <file>',
      'scene description (JSON): frame_rate, walkable and area (WKT), line, speed_frame_step, voronoi_cutoff',
    )
    .requiredOption('--out <folder>', 'folder for the results; made if absent')
    .action(async (trajectories: string, options: { scene: string; out: string }) => {
      const scene = parseScene(await readJson(options.scene));
      const t = await readTrajectoryCsv(trajectories, scene.frameRate);
      const measures = measureScene(t, scene);
      await writeSceneFiles(options.out, sceneFiles(t, scene, measures));
      const frames = measures.classicDensity.length;
      console.log(`${scene.name}: ${t.id.length} positions in ${frames} frames measured into ${options.out}`);
      if (measures.rowsWithoutCell > 0)
        console.warn(
          `${measures.rowsWithoutCell} positions lie outside the walkable area and have no Voronoi cell; ` +
            'they count in classic density only',
        );
    });
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
