// Live equals offline: scenes through a real server, shuffled, late within the bound and doubled, against in memory.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { measureScene, parseScene } from '#models/crowd/index.ts';
import { recording } from '#testing/shared-data.ts';
import { readForScene } from './read.ts';
import { measureStreamed } from './stream.ts';
import { sceneFiles } from './write.ts';

const names = ['bottleneck_040_c_56', 'eth_hotel', 'ucy_zara01'] as const;

describe('each reference scene', () => {
  for (const [k, name] of names.entries()) {
    const meta = recording('pedpy_oracle', name, 'meta.json');
    const file = recording('pedpy_oracle', name, 'trajectory_m.csv.gz');
    it.skipIf(!meta || !file)(
      `${name}: the streamed files are the offline files, byte for byte`,
      async () => {
        const scene = parseScene(JSON.parse(readFileSync(meta!, 'utf8')));
        const t = await readForScene(file!, scene.frameRate);
        const streamed = await measureStreamed(t, scene, { seed: 7 + k });
        const exact = measureScene(t, scene);
        const offline = sceneFiles(t, scene, exact);
        const live = sceneFiles(streamed.trajectories, scene, streamed.measures);
        expect([...live.keys()]).toEqual([...offline.keys()]);
        for (const [file, bytes] of offline) expect(live.get(file)!.equals(bytes), file).toBe(true);
        // and not only to six decimals
        expect(streamed.measures.voronoiDensity).toEqual(exact.voronoiDensity);
        expect(streamed.measures.voronoiSpeed).toEqual(exact.voronoiSpeed);
        expect(streamed.measures.velocities).toEqual(exact.velocities);
      },
      240_000,
    );
  }
});
