#!/usr/bin/env node
// npm start: gets what is missing, then runs everything with the demo venue. Arguments go to `tidewatch up`.
import { fileURLToPath } from 'node:url';
import { buildDashboard } from './dashboard.mjs';
import { installPackages } from './install.mjs';
import { runScript } from './lib/say.mjs';
import { findNatsServer } from './nats-server.mjs';

runScript(async () => {
  await installPackages();
  await findNatsServer();
  await buildDashboard();
  // In this very process: a signal then reaches `up` once and directly, and nothing is left when this is killed.
  const entry = new URL('../bin/tidewatch.mjs', import.meta.url);
  process.argv.splice(1, 1, fileURLToPath(entry), 'up');
  await import(entry.href);
});
