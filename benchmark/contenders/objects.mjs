/** The members of a client whose values are objects. */
export const ofObjects = {
    encode: text => JSON.parse(text),
    value: result => result && JSON.stringify(result),
    isRight: result => typeof result?.text === 'string',
};

/** The members of a client whose multi-get returns an array of objects. */
export const ofObjectLists = {
    item: (found, key, position) => found[position] && JSON.stringify(found[position]),
    isRightMany: (found, keys) => found.length === keys.length && typeof found.at(-1)?.text === 'string',
};

const parsed = text => (text == null ? null : JSON.parse(text));

/**
 * Lets a client of text keep objects as JSON, as an application does. `text(key)` and `texts(keys)`
 * read.
 */
export function withJson({ text, texts, set, ...client }) {
    const get = async key => parsed(await text(key));
    const store = (key, value) => set(key, JSON.stringify(value));
    return {
        ...client,
        ...ofObjects,
        ...ofObjectLists,
        get,
        set: store,
        getMany: texts && (async keys => (await texts(keys)).map(parsed)),
        async load(key, loader) {
            const found = await get(key);
            if (found !== null) return found;
            const value = await loader();
            await store(key, value);
            return value;
        },
    };
}
