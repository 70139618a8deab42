/**
 * Returns a copy that shares no memory with the text. A key may be a slice of a much longer text,
 * which V8 keeps alive as long as the slice. Everything that outlives a call remembers a copy.
 */
export function copyText(text: string): string {
    // The concatenation is copied when it is cut. This takes a third of what a copy in a Buffer takes.
    return (' ' + text).slice(1);
}
