/** Keys of one contender: all of one length, shared with nobody else in the same server. */
export function makeKeys(tag, count) {
    return Array.from({ length: count }, (_, i) => `bench:${tag}:${String(i).padStart(6, '0')}`);
}

/**
 * Printable text as a cache holds it, different under every key, so that somebody else's reply is a wrong one. No line
 * breaks: some rivals look for them, and should not pay for what they need not find.
 */
export function makeValue(index, bytes) {
    const head = `{"id":${index},"text":"`;
    return (head + `lorem-${index}-ipsum `.repeat(Math.ceil(bytes / 10))).slice(0, bytes - 2) + '"}';
}
