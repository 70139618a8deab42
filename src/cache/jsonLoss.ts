/**
 * What JSON would lose of the value without a word; null if that is nothing. It looks at the value
 * itself, not at what lies in it: plain objects and arrays, nearly all, cost one look.
 */
export function jsonLoss(value: unknown): string | null {
    if (typeof value !== 'object' || value === null || isPlain(value)) return null;
    if (ArrayBuffer.isView(value)) return `bytes have to be a Buffer or Uint8Array, not a ${tagOf(value)}`;
    const { then, toJSON } = value as { then?: unknown; toJSON?: unknown };
    if (typeof then === 'function') return 'it is a promise: is an await missing?';
    if (typeof toJSON === 'function' || Object.keys(value).length > 0) return null;
    // What has none of these tags keeps its contents where JSON does not look.
    const tag = tagOf(value);
    return OPEN_TAGS.has(tag) ? null : `JSON keeps nothing of a ${tag}`;
}

/** An instance of a class may be empty, and so may what JSON knows. */
const OPEN_TAGS = new Set(['Object', 'Array', 'String', 'Number', 'Boolean']);

function isPlain(value: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

/** As in `[object Map]`. Unlike `instanceof`, it knows the objects of another realm. */
function tagOf(value: object): string {
    return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
