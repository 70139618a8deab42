/** Parses the framework's words for true, and their opposites. Otherwise returns undefined. */
export function parseBoolean(text: string): boolean | undefined {
    const word = text.trim().toLowerCase();
    if (['true', 'yes', 'y', 't', '1'].includes(word)) return true;
    if (['false', 'no', 'n', 'f', '0'].includes(word)) return false;
    return undefined;
}

/** Parses a decimal integer from `min` to `max`. Otherwise returns undefined. */
export function parseWholeNumber(text: string, min: number, max: number): number | undefined {
    const value = Number(text);
    return /^-?\d+$/.test(text.trim()) && value >= min && value <= max ? value : undefined;
}
