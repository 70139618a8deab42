/**
 * Returns why JSON would silently empty the value, or null. Checks the value itself, not what is
 * inside. Plain objects and arrays, nearly all values, cost one look at the prototype.
 */
export function jsonLoss(value: unknown): string | null {
    if (typeof value !== 'object' || value === null || isPlain(value)) return null;
    if (ArrayBuffer.isView(value)) return `expected a Buffer or Uint8Array, not a ${tagOf(value)}`;
    const { then, toJSON } = value as { then?: unknown; toJSON?: unknown };
    if (typeof then === 'function') return 'it is a promise: is an await missing?';
    if (typeof toJSON === 'function' || Object.keys(value).length > 0) return null;
    // Objects with other tags keep their contents where JSON does not look.
    const tag = tagOf(value);
    return OPEN_TAGS.has(tag) ? null : `JSON keeps nothing of a ${tag}`;
}

/** Objects with these tags may be empty, for example the instance of a class. */
const OPEN_TAGS = new Set(['Object', 'Array', 'String', 'Number', 'Boolean']);

function isPlain(value: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

/** As in `[object Map]`. Unlike `instanceof`, it knows the objects of another realm. */
function tagOf(value: object): string {
    return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
