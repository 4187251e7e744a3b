// What can be wrong with a rule.

/** A rule that cannot be used. `place` says where in the document, `fault` what is wrong, `remedy` what to do. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  readonly place: string;
  readonly fault: string;
  readonly remedy: string;

  constructor(place: string, fault: string, remedy: string) {
    super(`${place}: ${fault} (${remedy})`);
    this.place = place;
    this.fault = fault;
    this.remedy = remedy;
  }
}
