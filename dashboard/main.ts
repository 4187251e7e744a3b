// Starts the wall: asks the portal where the data are, then mounts the page.
import { mount } from 'svelte';
import { config as zodConfig } from 'zod/mini';
import App from './App.svelte';
import { wallConfig } from './config.ts';
import { preferredLanguage } from './i18n/index.ts';
import { Wall } from './state/wall.svelte.ts';
import 'uplot/dist/uPlot.min.css';
import './app.css';

// Compiled validators need `eval`, which the page's security policy forbids.
zodConfig({ jitless: true });

async function start(target: HTMLElement): Promise<void> {
  const response = await fetch('/api/config');
  if (!response.ok) throw new Error(`/api/config answered ${response.status}`);
  const config = wallConfig.parse(await response.json());
  const wall = new Wall(config, Wall.rememberedLanguage() ?? preferredLanguage(navigator.languages));
  mount(App, { target, props: { wall } });
  wall.start();
}

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
start(target).catch((error: unknown) => {
  target.textContent = `Tidewatch 无法启动 / cannot start: ${error instanceof Error ? error.message : String(error)}`;
});
