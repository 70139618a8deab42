/**
 * Returns whether the value may hold options. A list, a Map, a promise or a function has none, and
 * would count as options that are all absent.
 */
export function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
    return Object.prototype.toString.call(value) === '[object Object]';
}

/**
 * Returns the first name in the options that is not a name of `known` and has a value. Inherited
 * names do not count, because some libraries extend `Object.prototype`.
 */
export function findUnknown(options: Readonly<Record<string, unknown>>, known: object): string | undefined {
    return Object.keys(options).find(name => !Object.hasOwn(known, name) && options[name] !== undefined);
}
