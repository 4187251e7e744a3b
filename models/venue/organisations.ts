// The list of organisations: a city bureau and its subordinate units, as read from venues/organisations.json.
import { z } from 'zod';
import { VenueError } from './errors.ts';

const schema = z.object({
  format: z.literal(1),
  organisations: z
    .array(
      z.object({
        id: z.string().regex(/^[a-z0-9-]{1,64}$/, 'is not a token of 1 to 64 of a-z, 0-9 and hyphen'),
        name: z.object({ zh: z.string().min(1), en: z.string().min(1) }),
        /** Id of the organisation above; absent for the bureau itself. */
        parent: z.string().optional(),
      }),
    )
    .min(1),
});

export type Organisation = z.infer<typeof schema>['organisations'][number];

/**
 * The organisations in `input` (text or parsed JSON), each id once and each parent present.
 * @throws VenueError `document-malformed` or `id-duplicate`
 */
export function parseOrganisations(input: unknown): readonly Organisation[] {
  const result = schema.safeParse(typeof input === 'string' ? JSON.parse(input) : input);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new VenueError(
      'document-malformed',
      '',
      `organisations: ${issue.path.map(String).join('.')}: ${issue.message}`,
      'give {"format":1,"organisations":[{"id","name":{"zh","en"},"parent"?}]}',
    );
  }
  const { organisations } = result.data;
  const ids = new Set<string>();
  for (const { id } of organisations) {
    if (ids.has(id))
      throw new VenueError('id-duplicate', id, 'the organisation is listed twice', 'list it once');
    ids.add(id);
  }
  for (const { id, parent } of organisations) {
    if (parent !== undefined && !ids.has(parent)) {
      throw new VenueError(
        'document-malformed',
        id,
        `its parent "${parent}" is not listed`,
        'list the parent too',
      );
    }
  }
  return organisations;
}
