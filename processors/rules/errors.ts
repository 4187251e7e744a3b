// What can be wrong with a rule.

/** A rule that cannot be used. `place` says where in the document; `remedy` what to do. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  readonly place: string;
  readonly remedy: string;

  constructor(place: string, message: string, remedy: string) {
    super(`${place}: ${message} (${remedy})`);
    this.place = place;
    this.remedy = remedy;
  }
}
