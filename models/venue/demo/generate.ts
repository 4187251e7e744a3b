// Writes venues/*.geojson: `npx tsx models/venue/demo/generate.ts`. Run it after a change of the drawing.
import { writeFileSync } from 'node:fs';
import { demoVenues } from './index.ts';

for (const [name, text] of Object.entries(demoVenues)) {
  writeFileSync(new URL(`../../../venues/${name}.geojson`, import.meta.url), text());
  console.log(`venues/${name}.geojson`);
}
