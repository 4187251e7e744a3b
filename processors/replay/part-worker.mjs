// The entry of a part's thread: lets Node read TypeScript there, then hands over.
import { register } from 'tsx/esm/api';

register();
await import('./part-thread.ts');
