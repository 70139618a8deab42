/** The entries key0, key1, …, each with its number or with what is made of it. */
export const numbered = (n: number, of = (i: number): unknown => i) =>
    new Map(Array.from({ length: n }, (_, i) => [`key${i}`, of(i)]));
