/** Parses a decimal integer from `min` to `max`. Otherwise returns undefined. */
export function parseWholeNumber(text: string, min: number, max: number): number | undefined {
    const value = Number(text);
    return /^-?\d+$/.test(text.trim()) && value >= min && value <= max ? value : undefined;
}
