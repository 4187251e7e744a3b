// How workers share items (venues) among them, as a pure rule that each applies to what it sees. Nobody leads: a lease
// decides who has an item, this only says what to reach for and what to let go, so that all end with equal shares.

export interface ShareView {
  readonly self: string;
  /** Workers that take part; ourselves too. */
  readonly workers: readonly string[];
  /** Items there are for us. */
  readonly items: readonly string[];
  /** Holder of each item that has one. */
  readonly holders: ReadonlyMap<string, string>;
  /** Items that have been free for so long that those with fewer seem not to want them. */
  readonly overdue: ReadonlySet<string>;
}

export interface ShareStep {
  readonly take: readonly string[];
  readonly give: readonly string[];
}

/**
 * What to do now. Takes up to an equal share of what is free, and gives one item when somebody has two fewer. Applied by all
 * again and again it ends with every item held and shares that differ by one at most.
 */
export function shareStep(view: ShareView): ShareStep {
  const { self, holders, overdue } = view;
  const counts = new Map<string, number>([[self, 0]]);
  for (const worker of view.workers) counts.set(worker, 0);
  for (const holder of holders.values()) {
    const count = counts.get(holder);
    if (count !== undefined) counts.set(holder, count + 1);
  }
  const mine = counts.get(self)!;
  const least = Math.min(...counts.values());
  const free = view.items.filter((item) => !holders.has(item)).sort();
  const fair = Math.max(1, Math.ceil(view.items.length / counts.size));
  const take = free.filter((item) => overdue.has(item));
  if (mine === least) {
    for (const item of free) if (mine + take.length < fair && !overdue.has(item)) take.push(item);
  }
  const heldByMe = view.items.filter((item) => holders.get(item) === self).sort();
  // One giver at a time: of those with most, the first by name.
  const most = Math.max(...counts.values());
  const giver = [...counts]
    .filter(([, count]) => count === most)
    .map(([worker]) => worker)
    .sort()[0];
  const give = mine - least >= 2 && giver === self && free.length === 0 ? heldByMe.slice(-1) : [];
  return { take, give };
}
