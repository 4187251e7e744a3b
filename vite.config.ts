// Builds the wall (dashboard/) into dist/, and refuses to grow without notice.
import { gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** Most the page may load, kB after gzip: scripts, worker and styles together. */
const BUDGET_KB = 450;

/** Prints what the page weighs after gzip and fails the build above the budget. */
function bundleBudget(): Plugin {
  return {
    name: 'tidewatch-bundle-budget',
    apply: 'build',
    enforce: 'post',
    writeBundle(_options, bundle) {
      const sizes = Object.entries(bundle).flatMap(([name, output]) => {
        if (name.endsWith('.map')) return [];
        const content = output.type === 'chunk' ? output.code : output.source;
        return [{ name, kb: gzipSync(content).length / 1000 }];
      });
      const total = sizes.reduce((sum, { kb }) => sum + kb, 0);
      for (const { name, kb } of sizes) console.log(`  ${kb.toFixed(1).padStart(7)} kB gz  ${name}`);
      console.log(`  ${total.toFixed(1).padStart(7)} kB gz  in all, of a budget of ${BUDGET_KB}`);
      if (total > BUDGET_KB) this.error(`the page weighs ${total.toFixed(0)} kB gz, more than ${BUDGET_KB}`);
    },
  };
}

export default defineConfig({
  root: 'dashboard',
  plugins: [svelte(), bundleBudget()],
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: true,
    reportCompressedSize: false,
    // deck.gl alone is more than the default warning.
    chunkSizeWarningLimit: 1500,
  },
  worker: { format: 'es' },
});
