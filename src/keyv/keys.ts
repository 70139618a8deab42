import { createHash } from 'node:crypto';

const MARK = 'sha256:';
/** Text that memcached takes as part of a key. Its length in bytes is its number of characters. */
const PLAIN = /^[\x21-\x7e]+$/;
/** Text that can be a namespace in a key. `#` ends it, and begins the tokens of `options.clear`. */
const PLAIN_NAMESPACE = /^[\x21\x22\x24-\x7e]+$/;

/** The longest namespace that appears in keys. The rest of a key is for the user's own key. */
const MAX_NAMESPACE_BYTES = 64;

/**
 * Returns the key, or its hash if memcached does not take it or `room` is too small.
 *
 * Different keys stay different. A key that looks like a hash is hashed, too.
 */
export function toKey(key: string, room: number): string {
    return key.length <= room && PLAIN.test(key) && !key.startsWith(MARK) ? key : hash(key);
}

/**
 * Returns the prefix of the namespaces, from the outermost one. No key of one namespace is a key of
 * another, because only the end of a prefix is `#`.
 */
export function toPrefix(namespaces: readonly string[]): string {
    const path = namespaces.filter(Boolean).join(':') || 'keyv';
    const isPlain = path.length <= MAX_NAMESPACE_BYTES && PLAIN_NAMESPACE.test(path) && !path.startsWith(MARK);
    return `${isPlain ? path : hash(path)}#`;
}

/** UTF-16 keeps lone surrogates apart, which UTF-8 cannot. */
function hash(text: string): string {
    return MARK + createHash('sha256').update(text, 'utf16le').digest('base64url');
}
