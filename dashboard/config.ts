// What the portal tells the page at `/api/config`, checked by the page before use.
import { z } from 'zod/mini';

export const wallConfig = z.object({
  format: z.literal(1),
  /** WebSocket address of the NATS server, for the feed. */
  websocketUrl: z.string(),
  /** Names of organisations by their subject token. */
  organisations: z.array(z.object({ id: z.string(), name: z.object({ zh: z.string(), en: z.string() }) })),
});

export type WallConfig = z.infer<typeof wallConfig>;
