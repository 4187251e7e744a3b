// What a person of the stadium evening is about.
export const ERRAND = { arrive: 0, toSeat: 1, watch: 2, fetch: 3, leave: 4, turnBack: 5 } as const;
