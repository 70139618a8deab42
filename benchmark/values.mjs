/**
 * Returns the keys of a contender, which no other contender uses. All keys have the same length.
 */
export function makeKeys(tag, count) {
    return Array.from({ length: count }, (_, i) => `bench:${tag}:${String(i).padStart(6, '0')}`);
}

/**
 * Returns printable text as a cache holds it. The text differs under every key, so that the check
 * detects a reply for another key. The text has no line breaks, because some rivals search for line
 * breaks.
 */
export function makeValue(index, bytes) {
    const head = `{"id":${index},"text":"`;
    return (head + `lorem-${index}-ipsum `.repeat(Math.ceil(bytes / 10))).slice(0, bytes - 2) + '"}';
}
