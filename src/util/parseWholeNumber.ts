/** The decimal digits of a configuration as a number; undefined: anything else, or out of range. */
export function parseWholeNumber(text: string, least: number, most: number): number | undefined {
    const value = Number(text);
    return /^-?\d+$/.test(text.trim()) && value >= least && value <= most ? value : undefined;
}
