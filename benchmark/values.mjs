/**
 * Returns the keys of one contender. All have the same length, and no other contender uses them.
 */
export function makeKeys(tag, count) {
    return Array.from({ length: count }, (_, i) => `bench:${tag}:${String(i).padStart(6, '0')}`);
}

/**
 * Returns printable text as a cache holds it. It differs under every key, so that a reply for
 * another key is noticed. It has no line breaks, because some rivals search for them.
 */
export function makeValue(index, bytes) {
    const head = `{"id":${index},"text":"`;
    return (head + `lorem-${index}-ipsum `.repeat(Math.ceil(bytes / 10))).slice(0, bytes - 2) + '"}';
}
