#!/usr/bin/env node
// The command `tidewatch`: lets Node read TypeScript, then hands over to cli/main.ts.
let register;
try {
  ({ register } = await import('tsx/esm/api'));
} catch (error) {
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
  process.stderr.write('tidewatch: its packages are not installed\ntidewatch: to mend it: npm ci\n');
  process.exit(1);
}
register();
await import('../cli/main.ts');
