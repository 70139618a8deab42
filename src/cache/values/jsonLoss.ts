/**
 * Returns why JSON would silently empty the value, or null. Checks only the value itself, not its
 * contents. Most values are plain objects and arrays, which need two looks. A promise of a library
 * may be a plain object, too.
 */
export function jsonLoss(value: unknown): string | null {
    if (typeof value !== 'object' || value === null) return null;
    const { then, toJSON } = value as { then?: unknown; toJSON?: unknown };
    if (typeof then === 'function') return 'expected a value, not a promise (is an await missing?)';
    if (isPlain(value)) return null;
    if (ArrayBuffer.isView(value)) return `expected a Buffer or Uint8Array, not a ${tagOf(value)}`;
    if (typeof toJSON === 'function' || Object.keys(value).length > 0) return null;
    // Objects with other tags keep their contents in places that JSON ignores.
    const tag = tagOf(value);
    return OPEN_TAGS.has(tag) ? null : `JSON keeps nothing of a ${tag}`;
}

/** The tags of objects that may be empty, for example instances of a class. */
const OPEN_TAGS = new Set(['Object', 'Array', 'String', 'Number', 'Boolean']);

function isPlain(value: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

/** Returns the tag, as in `[object Map]`. Unlike `instanceof`, it knows other realms' objects. */
function tagOf(value: object): string {
    return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
