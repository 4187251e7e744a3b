#!/usr/bin/env node
// npm start: gets what is missing, then runs everything with the demo venue. Arguments go to `tidewatch up`.
import path from 'node:path';
import { buildDashboard } from './dashboard.mjs';
import { installPackages } from './install.mjs';
import { runForeground } from './lib/processes.mjs';
import { ROOT } from './lib/project.mjs';
import { runScript } from './lib/say.mjs';
import { findNatsServer } from './nats-server.mjs';

runScript(async () => {
  await installPackages();
  await findNatsServer();
  await buildDashboard();
  const entry = path.join(ROOT, 'bin/tidewatch.mjs');
  process.exitCode = await runForeground(process.execPath, [entry, 'up', ...process.argv.slice(2)], {
    cwd: ROOT,
    onlyStderr: false,
  });
});
