// The direction of dependencies, checked on what every file really imports: the linter sees the `#folder/` names,
// this sees relative paths as well.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Which folders a folder may import from, itself aside. Tests may also use testing/. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  models: [],
  streams: ['scripts'],
  'streams/sources': ['streams', 'models'],
  processors: ['streams', 'models'],
  dashboard: ['streams', 'models'],
};

function folderOf(file: string): string {
  const parts = file.split('/');
  return parts[0] === 'streams' && parts[1] === 'sources' ? 'streams/sources' : (parts[0] ?? '');
}

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(repository, file), 'utf8');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? '');
}

function resolveImport(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.'))
    return path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
  return undefined;
}

it('lets no folder import from one above it', () => {
  const files = ['models', 'streams', 'processors', 'dashboard']
    .flatMap((folder) =>
      readdirSync(path.join(repository, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        path.posix.join(folder, file),
      ),
    )
    .filter((file) => /\.(ts|svelte)$/.test(file) && !/\.(test|e2e)\./.test(file) && !file.includes('/e2e/'));
  expect(files.length).toBeGreaterThan(3);
  const breaches: string[] = [];
  for (const file of files) {
    const from = folderOf(file);
    for (const specifier of importsOf(file)) {
      const target = resolveImport(file, specifier);
      if (target === undefined) continue;
      const to = folderOf(target);
      if (to !== from && !(ALLOWED[from] ?? []).includes(to)) breaches.push(`${file} imports ${specifier}`);
    }
  }
  expect(breaches).toEqual([]);
});
